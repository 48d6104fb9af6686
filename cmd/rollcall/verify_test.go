package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/natsd"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/nearby"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector"
	"github.com/rollcall-xmpp/rollcall/projector/query"
	"github.com/rollcall-xmpp/rollcall/session"
)

func TestALogHasLostRecordsOnlyIfSomeAreMissing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		v    verification
		want bool
	}{
		{"whole", verification{}, false},
		{"holes", verification{Missing: 1}, true},
		{"a record on top of one that is not there", verification{Summary: query.Summary{Mismatched: 1}}, true},
		{"a stranger's record", verification{Summary: query.Summary{Mismatched: 1, Foreign: 1}}, false},
		{"both", verification{Summary: query.Summary{Mismatched: 2, Foreign: 1}}, true},
		{"what can't be decoded", verification{Summary: query.Summary{Poison: 3}}, false},
	} {
		if got := c.v.lost(); got != c.want {
			t.Errorf("%s: lost %v", c.name, got)
		}
	}
}

func TestWhatIsWrongIsTheError(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		v    verification
		want error
	}{
		"nothing":                       {verification{Agrees: true}, nil},
		"a stranger's record":           {verification{Agrees: true, Summary: query.Summary{Mismatched: 1, Foreign: 1}}, nil},
		"a keyframe that can't be read": {verification{Agrees: true, Unusable: 1}, nil},
		"the running table":             {verification{Missing: 1, Wrong: 1}, errDisagree},
		"a hole":                        {verification{Agrees: true, Missing: 1, Wrong: 1}, errHoles},
		"a keyframe":                    {verification{Agrees: true, Wrong: 1}, errChanged},
	} {
		if err := c.v.judge(newConsole(nil, io.Discard, io.Discard)); err != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A witness has seen the whole log, and answers for what it makes of it.
type witness struct {
	t     *testing.T
	url   string
	svc   *session.Service
	log   events.Log
	table *projector.Table
}

// newWitness starts a projector; its table is what events were made by doctor.
func newWitness(t *testing.T, doctor func(events.Event) events.Event) *witness {
	server, err := natsd.Start(t.Context(), natsd.Options{DataDir: t.TempDir(), Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Shutdown)
	withdraw, err := nearby.Announce(strings.TrimPrefix(server.URL(), "nats://"), nearby.Service{Key: server.KeyFile()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(withdraw)
	b, err := bus.Connect(t.Context(), bus.Config{InProcess: server})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	w := &witness{t: t, url: server.URL(), log: b.Log(), table: projector.NewTable()}
	ctx, stop := context.WithCancel(context.Background())
	var beside sync.WaitGroup
	beside.Go(func() {
		for st, err := range b.Log().Follow(ctx, 0) {
			if err != nil {
				continue
			}
			st.Event = doctor(st.Event)
			w.table.Fold(st)
		}
	})
	silence, err := query.Answer(b.Courier(), w.table, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		silence()
		stop()
		beside.Wait()
	})
	w.svc, err = session.NewService(session.Config{Log: w.log, Accounts: w.table, Connector: events.Incarnation{Name: "c1", Epoch: 1}})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *witness) do(user string, commands ...session.Command) {
	w.t.Helper()
	for _, c := range commands {
		if _, at, err := w.svc.Do(w.t.Context(), events.StoredJID(user+"@localhost"), events.ConnID{}, c); err != nil {
			w.t.Fatal(err)
		} else if err := w.table.WaitFor(w.t.Context(), at); err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w *witness) login(user string) {
	w.t.Helper()
	id := events.NewSessionID(time.Now())
	w.do(user, session.Authenticate{Session: id}, session.Bind{Session: id, Resource: "desk"}, session.BecomeAvailable{Session: id, Stanza: "<presence/>"})
}

// forget makes the log lose all that it has, and keep what comes.
func (w *witness) forget() {
	w.t.Helper()
	if err := retain(w.url, 200*time.Millisecond); err != nil {
		w.t.Fatal(err)
	}
	if _, err := limitAge(w.url, time.Hour); err != nil {
		w.t.Fatal(err)
	}
}

// refresh repeats the account's sessions.
func (w *witness) refresh(user string) {
	w.t.Helper()
	account := w.table.Account(events.StoredJID(user + "@localhost"))
	w.do(user, session.Refresh{Holder: w.svc.Connector(), Begun: math.MaxInt64, Account: account})
}

// verify runs the verb.
func (w *witness) verify() (code int, v verification) {
	w.t.Helper()
	var stdout, stderr bytes.Buffer
	code = run(w.t.Context(), []string{"verify", "--json", "--nats", w.url}, nil, &stdout, &stderr)
	if err := json.Unmarshal(stdout.Bytes(), &v); err != nil {
		w.t.Fatalf("code %d, standard error %q: %v", code, stderr.String(), err)
	}
	return code, v
}

// A table that has seen all of the log knows more than the log now says. That does
// not make it wrong.
func TestARightTableIsFoundRightThoughTheLogHasForgottenItsBeginning(t *testing.T) {
	t.Parallel()
	w := newWitness(t, func(e events.Event) events.Event { return e })
	check := func(what string, sessions, unchecked int) {
		t.Helper()
		if code, v := w.verify(); code != exitOK || !v.Agrees || v.Sessions != sessions || v.Unchecked != unchecked {
			t.Errorf("%s: code %d, %+v", what, code, v)
		}
	}
	w.login("alice")
	check("nothing is forgotten", 1, 0)
	w.forget()
	check("all is forgotten", 0, 1)
	w.login("bob")
	check("what came before is forgotten", 1, 1)
	w.refresh("alice")
	check("all is repeated", 2, 0)
	w.do("alice", session.Kick{})
	w.do("bob", session.Kick{})
	w.forget()
	check("nobody is there, and all is forgotten", 0, 0)
}

func TestAWrongTableIsFoundWrongThoughTheLogHasForgottenItsBeginning(t *testing.T) {
	t.Parallel()
	w := newWitness(t, func(e events.Event) events.Event {
		if _, ok := e.(events.Closed); ok {
			return events.CarbonsEnabled{} // a ghost stays
		}
		return e
	})
	wrong := func(what string) {
		t.Helper()
		if code, v := w.verify(); code != exitError || v.Agrees {
			t.Errorf("%s: code %d, %+v", what, code, v)
		}
	}
	w.login("alice")
	w.forget()
	if code, _ := w.verify(); code != exitOK {
		t.Errorf("before anything goes wrong: code %d", code)
	}
	w.login("bob")
	w.do("bob", session.Kick{})
	wrong("a ghost")
	w.refresh("alice")
	wrong("a ghost, and all is repeated")
}
