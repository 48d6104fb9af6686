package export

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// eachEvent is a record of each kind, with and without all that it may say.
func eachEvent() (all []events.Event) {
	return []events.Event{
		events.Authenticated{Mechanism: "PLAIN", TLS: "TLS 1.3", Address: "192.0.2.7:5", Agent: "Gajim 1.9, x, y"}, events.Authenticated{},
		events.Bound{}, events.RosterRequested{}, events.PresenceAvailable{Priority: -1, Show: "dnd"}, events.PresenceUnavailable{},
		events.PresenceDirected{To: events.StoredJID("carol@example.org"), Available: true}, events.StreamManagementEnabled{Resumable: true},
		events.Detached{Reason: events.ReasonTimeout, Until: 1e18}, events.Resumed{Address: "[2001:db8::1]:5"}, events.CarbonsEnabled{}, events.CarbonsDisabled{},
		events.Refreshed{Available: true, Until: 1e18}, events.Closed{Reason: events.ReasonKicked, Text: "\"bye\", <she> said\n"},
		events.AccountCreated{}, events.PasswordChanged{}, events.AccountRemoved{}, events.RoleTaken{Role: "guest"}, events.RoleChanged{Role: "guest", Text: "why"}, events.AccountDisabled{}, events.AccountEnabled{}, events.NetworkBanned{}, events.NetworkUnbanned{}, events.ConnectorStarted{}, events.ConnectorStopped{}, events.ConnectorLost{},
		events.Connected{Address: "192.0.2.7:5"}, events.StreamOpened{}, events.Secured{Version: "TLS 1.2"},
		events.AuthFailed{Username: "bob", Mechanism: "PLAIN", Condition: "not-authorized", Address: "192.0.2.7:5"},
		events.Disconnected{Reason: events.ReasonError, Text: "no", Address: "192.0.2.7:5"}, events.Unknown{Code: 201},
	}
}

// eachRow are the rows of eachEvent, with and without names.
func eachRow() (all [][]value) {
	for _, choices := range []rowChoices{{false, AddressesPrefix}, {true, AddressesFull}} {
		for i, e := range eachEvent() {
			r := eventRows{rowChoices: choices, ids: true}
			st := events.Stored{Record: events.Record{
				ID: events.EventID{15: 1}, Session: events.SessionID{15: 2}, JID: events.StoredJID("alice@example.org/phone"), Time: 1764441600123456789,
				Connector: events.Incarnation{Name: "c1", Epoch: 3}, Cause: events.ConnID{15: 4}, Prev: 5, Event: e,
			}, Seq: events.Seq(i + 1), At: 1764441600987654321}
			it := item{st: &st, who: whoIs(st.Account())}
			if _, failed := e.(events.AuthFailed); failed {
				st.JID, it.who = events.JID{}, [16]byte{}
			}
			all = append(all, r.of(&it))
		}
		r := eventRows{rowChoices: choices, ids: true}
		all = append(all, r.of(&item{poison: &events.PoisonError{Seq: 77, At: 1764441600987654321}}))
	}
	return all
}

// paths are those of an object's values.
func paths(under string, v any) (all []string) {
	o, ok := v.(map[string]any)
	if !ok {
		return []string{strings.TrimSuffix(under, ".")}
	}
	for name, member := range o {
		all = append(all, paths(under+name+".", member)...)
	}
	return all
}

func TestObjectsHaveOnlyWhatTheirSchemasHave(t *testing.T) {
	t.Parallel()
	for name, write := range map[string]func([]byte, []value) []byte{"ocsf": appendOCSF, "ecs": appendECS} {
		text, err := os.ReadFile(filepath.Join("testdata", name+".txt"))
		if err != nil {
			t.Fatal(err)
		}
		allowed, used := strings.Fields(string(text)), map[string]bool{}
		for _, row := range eachRow() {
			b := write(nil, row)
			if len(b) == 0 {
				continue
			}
			var o map[string]any
			if err := json.Unmarshal(b, &o); err != nil {
				t.Fatalf("%s: %s: %v", name, b, err)
			}
			for _, path := range paths("", o) {
				if used[path] = true; !slices.Contains(allowed, path) {
					t.Errorf("%s: %s has %s", name, row[evType].text, path)
				}
			}
		}
		for path := range strings.Lines(string(text)) {
			if path = strings.TrimSpace(path); !strings.HasPrefix(path, "#") && !used[path] {
				t.Errorf("%s: %s is not used", name, path)
			}
		}
	}
}

// The attributes that every class of OCSF requires, and its own rules.
func TestOCSFHasWhatItRequires(t *testing.T) {
	t.Parallel()
	n := 0
	for _, row := range eachRow() {
		b := appendOCSF(nil, row)
		if len(b) == 0 {
			continue
		}
		n++
		var o struct {
			Class, Category, Activity, Type, Severity, Time *int64
			Metadata                                        struct {
				Version string
				Product map[string]any
			}
			User, Service, Source map[string]any
		}
		var raw map[string]json.RawMessage
		if err := json.Unmarshal(b, &raw); err != nil {
			t.Fatal(err)
		}
		for name, to := range map[string]any{
			"class_uid": &o.Class, "category_uid": &o.Category, "activity_id": &o.Activity, "type_uid": &o.Type, "severity_id": &o.Severity,
			"time": &o.Time, "metadata": &o.Metadata,
		} {
			if err := json.Unmarshal(raw[name], to); err != nil {
				t.Fatalf("%s of %s: %v", name, b, err)
			}
		}
		json.Unmarshal(raw["user"], &o.User)
		json.Unmarshal(raw["service"], &o.Service)
		json.Unmarshal(raw["src_endpoint"], &o.Source)
		switch {
		case *o.Type != *o.Class*100+*o.Activity, *o.Category != *o.Class/1000, o.Metadata.Version == "", o.Metadata.Product["name"] == nil:
			t.Errorf("%s", b)
		case *o.Category == 3 && o.User["uid"] == nil && o.User["name"] == nil:
			t.Errorf("nobody in %s", b)
		case *o.Class == ocsfAuthentication && o.Service == nil:
			t.Errorf("to what in %s", b)
		case *o.Class == ocsfNetwork && o.Source["ip"] == nil && o.Source["name"] == nil:
			t.Errorf("from where in %s", b)
		}
	}
	if n != 2*15 {
		t.Errorf("%d objects", n)
	}
}

func TestALoginInOtherForms(t *testing.T) {
	t.Parallel()
	row := eachRow()[0]
	for name, c := range map[string]struct {
		write func([]byte, []value) []byte
		want  string
	}{
		"ocsf": {appendOCSF, `{"class_uid":3002,"category_uid":3,"activity_id":1,"activity_name":"Logon","type_uid":300201,"severity_id":1,"time":1764441600987,` +
			`"metadata":{"version":"1.3.0","product":{"name":"Rollcall","vendor_name":"Rollcall"},"uid":"00000000000000000000000001","sequence":1,` +
			`"event_code":"authenticated","correlation_uid":"00000000000000000000000002","logged_time":1764441600987,"original_time":1764441600123},"status_id":1,` +
			`"user":{"uid":"3TCJPZ51SQXA87375XY2RTGYJY","domain":"example.org"},"auth_protocol_id":99,"auth_protocol":"PLAIN","is_cleartext":false,` +
			`"logon_type_id":3,"is_remote":true,"service":{"name":"xmpp"},"session":{"uid":"00000000000000000000000002"},` +
			`"unmapped":{"network":"192.0.2.0/24","connector":"c1","agent":"Gajim 1"}}`},
		"ecs": {appendECS, `{"@timestamp":"2025-11-29T18:40:00.987654Z","ecs":{"version":"8.11.0"},"event":{"kind":"event","category":["authentication","session"],` +
			`"type":["start"],"outcome":"success","action":"authenticated","module":"rollcall","dataset":"rollcall.events","id":"00000000000000000000000001",` +
			`"sequence":1,"created":"2025-11-29T18:40:00.123456Z"},"user":{"id":"3TCJPZ51SQXA87375XY2RTGYJY","domain":"example.org"},` +
			`"source":{"address":"192.0.2.0/24"},"tls":{"version":"1.3","version_protocol":"tls"},"user_agent":{"original":"Gajim 1"},` +
			`"observer":{"name":"c1"},"trace":{"id":"00000000000000000000000002"}}`},
		"ndjson": {func(b []byte, row []value) []byte { return appendRow(b, row[evSeq:], eventColumns[evSeq:]) },
			`{"seq":1,"stored_at":"2025-11-29T18:40:00.987654Z","at":"2025-11-29T18:40:00.123456Z","type":"authenticated",` +
				`"session":"00000000000000000000000002","who":"3TCJPZ51SQXA87375XY2RTGYJY","domain":"example.org",` +
				`"connector":"c1","epoch":3,"prev":5,"cause":"00000000000000000000000004","mechanism":"PLAIN","tls":"TLS 1.3","agent":"Gajim 1","network":"192.0.2.0/24"}`},
	} {
		if got := string(c.write(nil, row)); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, c.want)
		}
	}
}

// All formats have the same rows.
func TestAFormatChangesNothingButTheForm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.days()
	w.later(2 * time.Hour)
	dirs := map[string]string{}
	for _, format := range Formats {
		dirs[format] = t.TempDir()
		w.run(dirs[format], func(c *Config) { c.Format, c.Names = format, true })
		if c, err := Check(t.Context(), dirs[format], Trust{}); err != nil || len(c.Faults) > 0 {
			t.Errorf("%s: %+v, %v", format, c, err)
		}
	}
	for _, dataset := range Datasets {
		want := len(rows(t, dirs[formatParquet], "/"+dataset+"/"))
		lines, records := 0, 0
		for name, text := range contents(t, dirs[formatNDJSON]) {
			for line := range strings.Lines(text) {
				if strings.HasPrefix(name, dataset+"/") {
					lines++
					if !json.Valid([]byte(line)) {
						t.Errorf("%s: %s", name, line)
					}
				}
			}
		}
		for name, text := range contents(t, dirs[formatCSV]) {
			if strings.HasPrefix(name, dataset+"/") {
				all, err := csv.NewReader(strings.NewReader(text)).ReadAll()
				if err != nil || len(all) == 0 {
					t.Errorf("%s: %v", name, err)
				}
				records += len(all) - 1
			}
		}
		if lines != want || records != want || want == 0 {
			t.Errorf("%s: %d lines and %d records of CSV, %d rows of Parquet", dataset, lines, records, want)
		}
	}
}
