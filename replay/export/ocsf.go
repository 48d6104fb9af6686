package export

import "time"

// ocsfVersion is that of the schema (schema.ocsf.io) that the objects follow.
const ocsfVersion = "1.3.0"

// Classes of OCSF.
const (
	ocsfBase           = 0
	ocsfAccountChange  = 3001
	ocsfAuthentication = 3002
	ocsfNetwork        = 4001
)

// other is the activity of a class that has no number for it; its name says it.
const other = 99

// An activity is what an event is called in OCSF.
type activity struct {
	class  int64
	id     int64
	name   string
	failed bool
}

// ocsfActivities are those of the types that mean something to whoever watches accounts.
// Of presence and the inner life of a session OCSF has nothing, and nothing is written.
var ocsfActivities = map[string]activity{
	"authenticated":    {class: ocsfAuthentication, id: 1, name: "Logon"},
	"auth_failed":      {class: ocsfAuthentication, id: 1, name: "Logon", failed: true},
	"closed":           {class: ocsfAuthentication, id: 2, name: "Logoff"},
	"detached":         {class: ocsfAuthentication, id: other, name: "Detach"},
	"resumed":          {class: ocsfAuthentication, id: other, name: "Resume"},
	"account_created":  {class: ocsfAccountChange, id: 1, name: "Create"},
	"password_changed": {class: ocsfAccountChange, id: 3, name: "Password Change"},
	"account_removed":  {class: ocsfAccountChange, id: 6, name: "Delete"},
	"account_disabled": {class: ocsfAccountChange, id: 5, name: "Disable"},
	"account_enabled":  {class: ocsfAccountChange, id: 2, name: "Enable"},
	"role_changed":     {class: ocsfAccountChange, id: other, name: "Role Change"},
	"connected":        {class: ocsfNetwork, id: 1, name: "Open"},
	"disconnected":     {class: ocsfNetwork, id: 2, name: "Close"},
	damagedType:        {class: ocsfBase, id: other, name: "Damaged record"},
}

// appendOCSF appends a row of dataset events as an object of OCSF, or nothing.
func appendOCSF(b []byte, row []value) []byte {
	a, ok := ocsfActivities[row[evType].text]
	if !ok {
		return b
	}
	o := object{append(b, '{')}
	o.number("class_uid", a.class)
	o.number("category_uid", a.class/1000)
	o.number("activity_id", a.id)
	o.text("activity_name", a.name)
	o.number("type_uid", a.class*100+a.id)
	o.number("severity_id", 1)
	o.number("time", millis(row[evStoredAt]))
	o.object("metadata", func(o *object) { ocsfMetadata(o, row) })
	if a.class == ocsfBase {
		return append(o.b, '}')
	}
	status := int64(1)
	if a.failed {
		status = 2
	}
	o.number("status_id", status)
	o.value("status_detail", row[evCondition])
	if a.class != ocsfNetwork {
		o.object("user", func(o *object) { ocsfUser(o, row) })
	}
	if a.class == ocsfAuthentication {
		ocsfLogin(&o, row)
	}
	o.object("src_endpoint", func(o *object) {
		o.text("ip", wholeAddress(row[evNetwork].text))
		if a.class == ocsfNetwork && wholeAddress(row[evNetwork].text) == "" {
			o.text("name", "client")
		}
	})
	o.object("unmapped", func(o *object) {
		if wholeAddress(row[evNetwork].text) == "" {
			o.value("network", row[evNetwork])
		}
		o.value("connector", row[evConnector])
		o.value("agent", row[evAgent])
		if a.class == ocsfNetwork {
			o.value("reason", row[evReason])
		}
	})
	return append(o.b, '}')
}

func ocsfMetadata(o *object, row []value) {
	o.text("version", ocsfVersion)
	o.object("product", func(o *object) {
		o.text("name", "Rollcall")
		o.text("vendor_name", "Rollcall")
	})
	o.value("uid", row[evEventID])
	o.number("sequence", row[evSeq].number)
	o.value("event_code", row[evType])
	o.value("correlation_uid", row[evSession])
	o.number("logged_time", millis(row[evStoredAt]))
	if row[evAt].set {
		o.number("original_time", millis(row[evAt]))
	}
}

// ocsfUser names the account by its pseudonym and, where names are exported, by its JID.
func ocsfUser(o *object, row []value) {
	o.value("uid", row[evWho])
	if hasNames(row) {
		o.value("name", row[evAccount])
	}
	if !row[evWho].set && (!hasNames(row) || !row[evAccount].set) {
		o.text("uid", "unknown")
	}
	o.value("domain", row[evDomain])
}

func ocsfLogin(o *object, row []value) {
	if row[evMechanism].set {
		o.number("auth_protocol_id", other)
		o.value("auth_protocol", row[evMechanism])
		o.flag("is_cleartext", !row[evTLS].set)
	}
	o.number("logon_type_id", 3)
	o.flag("is_remote", true)
	o.object("service", func(o *object) { o.text("name", "xmpp") })
	o.object("session", func(o *object) {
		o.value("uid", row[evSession])
		if row[evType].text == "closed" {
			o.value("expiration_reason", row[evReason])
		}
	})
}

func millis(v value) int64 { return v.number / int64(time.Millisecond) }
