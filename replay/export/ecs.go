package export

import "strings"

// ecsVersion is that of the Elastic Common Schema that the objects follow.
const ecsVersion = "8.11.0"

// An ecsEvent is how ECS categorizes a type of events.
type ecsEvent struct {
	category, kind []string // event.category and event.type
	outcome        string
}

// ecsEvents are the categories of types; others have none.
var ecsEvents = map[string]ecsEvent{
	"authenticated":     {[]string{"authentication", "session"}, []string{"start"}, "success"},
	"auth_failed":       {[]string{"authentication"}, []string{"start"}, "failure"},
	"closed":            {[]string{"session"}, []string{"end"}, "success"},
	"bound":             {[]string{"session"}, []string{"info"}, ""},
	"detached":          {[]string{"session"}, []string{"info"}, ""},
	"resumed":           {[]string{"session"}, []string{"info"}, "success"},
	"refreshed":         {[]string{"session"}, []string{"info"}, ""},
	"account_created":   {[]string{"iam"}, []string{"user", "creation"}, "success"},
	"password_changed":  {[]string{"iam"}, []string{"user", "change"}, "success"},
	"account_removed":   {[]string{"iam"}, []string{"user", "deletion"}, "success"},
	"account_disabled":  {[]string{"iam"}, []string{"user", "change"}, "success"},
	"account_enabled":   {[]string{"iam"}, []string{"user", "change"}, "success"},
	"network_banned":    {[]string{"configuration"}, []string{"creation"}, "success"},
	"network_unbanned":  {[]string{"configuration"}, []string{"deletion"}, "success"},
	"role_changed":      {[]string{"iam"}, []string{"user", "change"}, "success"},
	"role_taken":        {[]string{"session"}, []string{"info"}, ""},
	"connected":         {[]string{"network"}, []string{"connection", "start"}, ""},
	"disconnected":      {[]string{"network"}, []string{"connection", "end"}, ""},
	"connector_started": {[]string{"process"}, []string{"start"}, ""},
	"connector_stopped": {[]string{"process"}, []string{"end"}, ""},
	"connector_lost":    {[]string{"process"}, []string{"end"}, ""},
}

// appendECS appends a row of dataset events as a document of ECS.
func appendECS(b []byte, row []value) []byte {
	o := object{append(b, '{')}
	o.instant("@timestamp", row[evStoredAt])
	o.object("ecs", func(o *object) { o.text("version", ecsVersion) })
	o.object("event", func(o *object) { ecsOfEvent(o, row) })
	o.object("user", func(o *object) {
		o.value("id", row[evWho])
		if hasNames(row) {
			o.value("name", row[evAccount])
		}
		o.value("domain", row[evDomain])
	})
	o.object("source", func(o *object) {
		o.text("ip", wholeAddress(row[evNetwork].text))
		if address := wholeAddress(row[evNetwork].text); address != "" {
			o.text("address", address)
		} else {
			o.value("address", row[evNetwork])
		}
	})
	o.object("tls", func(o *object) {
		if version, ok := strings.CutPrefix(row[evTLS].text, "TLS "); ok {
			o.text("version", version)
			o.text("version_protocol", "tls")
		}
	})
	o.object("user_agent", func(o *object) { o.value("original", row[evAgent]) })
	o.object("observer", func(o *object) { o.value("name", row[evConnector]) })
	o.object("trace", func(o *object) { o.value("id", row[evSession]) })
	if hasNames(row) {
		o.value("message", row[evText])
	}
	return append(o.b, '}')
}

func ecsOfEvent(o *object, row []value) {
	e, known := ecsEvents[row[evType].text]
	o.text("kind", "event")
	if known {
		o.list("category", e.category...)
		o.list("type", e.kind...)
	}
	o.text("outcome", e.outcome)
	o.value("action", row[evType])
	o.value("reason", row[evReason])
	if row[evCondition].set {
		o.value("reason", row[evCondition])
	}
	o.text("module", "rollcall")
	o.text("dataset", "rollcall.events")
	o.value("id", row[evEventID])
	o.number("sequence", row[evSeq].number)
	o.instant("created", row[evAt])
}
