package session_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// A node is one connector's service with its own lazy table.
type node struct {
	*session.Service
	t     *testing.T
	table lazyTable
	end   func() // its lease
}

func newNode(t *testing.T, log events.Log, name string) *node {
	lease := make(chan struct{})
	n := &node{t: t, table: lazyTable{newTable(log)}, end: func() { close(lease) }}
	n.Service = newService(t, session.Config{
		Log: log, Accounts: n.table, Connector: events.Incarnation{Name: name, Epoch: 1}, Fenced: lease,
	})
	return n
}

func newService(t testing.TB, c session.Config) *session.Service {
	t.Helper()
	s, err := session.NewService(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// must carries out a command that can't fail.
func (n *node) must(conn string, c session.Command) *session.Account {
	n.t.Helper()
	a, _, err := n.Do(n.t.Context(), alice, connID(conn), c)
	if err != nil {
		n.t.Fatalf("%#v: %v", c, err)
	}
	return a
}

// fails carries out a command that fails with an error that is want.
func (n *node) fails(c session.Command, want error) {
	n.t.Helper()
	if _, _, err := n.Do(n.t.Context(), alice, events.ConnID{}, c); !errors.Is(err, want) {
		n.t.Fatalf("%#v: %v, want: %v", c, err, want)
	}
}

// login makes a session bound to desk that may be resumed.
func (n *node) login(s, conn string) {
	n.t.Helper()
	n.must(conn, session.Authenticate{Session: id(s), AsOf: 1 << 60})
	n.must(conn, session.Bind{Session: id(s), Resource: "desk"})
	n.must(conn, session.EnableStreamManagement{Session: id(s), Resumable: true, Max: 60, TokenHash: s})
}

// kindsOf lists the kinds of an account's records.
func kindsOf(t *testing.T, log events.Log) (kinds []events.Kind) {
	t.Helper()
	for st, err := range log.Read(t.Context(), events.Range{Account: alice}) {
		if err != nil && !errors.As(err, new(*events.PoisonError)) {
			t.Fatal(err)
		} else if err == nil {
			kinds = append(kinds, st.Event.Kind())
		}
	}
	return kinds
}

func wantHistory(t *testing.T, log events.Log, want ...events.Kind) {
	t.Helper()
	got := kindsOf(t, log)
	if len(got) != len(want) {
		t.Fatalf("the history is %v, want %v", got, want)
	}
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("the history is %v, want %v", got, want)
		}
	}
}

// silences counts the appends that a log did not answer.
type silences struct {
	events.Log
	n int
}

func (s *silences) Append(ctx context.Context, r *events.Record) (events.Position, error) {
	at, err := s.Log.Append(ctx, r)
	if errors.Is(err, events.ErrUnresolved) {
		s.n++
	}
	return at, err
}

func TestAnUnknownOutcomeIsFoundOut(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]bustest.Faults{
		"lost acknowledgement": {LostAck: 1},
		"lost request":         {LostRequest: 1},
		"late request":         {LateRequest: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				log := bustest.NewLog()
				silent := &silences{Log: log}
				n := newNode(t, silent, "c1")
				log.Inject(f)
				defer time.AfterFunc(3*time.Second, func() { log.Inject(bustest.Faults{}) }).Stop()
				n.must("k1", session.Authenticate{Session: id("s1")})
				log.Settle()
				wantHistory(t, log, events.KindAuthenticated)
				if silent.n == 0 {
					t.Error("nothing was unresolved")
				}
			})
		})
	}
}

// The ghost: a session's first event is still on its way when its stream has
// ended, and there seems to be nothing to close.
func TestASessionWhoseBeginningCameTooLateIsClosed(t *testing.T) {
	t.Parallel()
	for name, faults := range map[string]bustest.Faults{
		"it was stored": {LostAck: 1, ReadFails: 1},
		"it was late":   {LateRequest: 1, ReadFails: 1},
		"it was lost":   {LostRequest: 1, ReadFails: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				log := bustest.NewLog()
				n := newNode(t, log, "c1")
				ctx, stop := context.WithCancel(t.Context())
				go n.Run(ctx)
				log.Inject(faults)
				n.fails(session.Authenticate{Session: id("s1")}, events.ErrUnresolved)
				n.End(ctx, alice, connID("k1"), session.Close{Session: id("s1")})
				if n.Pending() == 0 {
					t.Error("what can't be known is taken for done")
				}
				log.Inject(bustest.Faults{})
				log.Settle()
				time.Sleep(time.Minute)
				wantHistory(t, log, events.KindAuthenticated, events.KindClosed)
				if n.Pending() != 0 {
					t.Errorf("%d ends are still to be written", n.Pending())
				}
				stop()
			})
		})
	}
}

func TestACommandIsRefusedByTheNewestState(t *testing.T) {
	t.Parallel()
	log := bustest.NewLog()
	c1, c2 := newNode(t, log, "c1"), newNode(t, log, "c2")
	c1.login("s1", "k1")
	// c2's table has seen nothing of this.
	c2.must("k2", session.Authenticate{Session: id("s2")})
	c2.must("k2", session.Resume{Session: id("s2"), Previous: id("s1"), TokenHash: "s1"})
	c1.must("k1", session.Close{Session: id("s1")})
	c2.fails(session.RequestRoster{Session: id("s1")}, session.ErrGone)
	c2.must("k3", session.Authenticate{Session: id("s3")})
	c2.must("k3", session.Bind{Session: id("s3"), Resource: "desk", Conflict: session.Refuse})
}

func TestNothingToDoIsSaidOfTheNewestState(t *testing.T) {
	t.Parallel()
	log := bustest.NewLog()
	c1, c2 := newNode(t, log, "c1"), newNode(t, log, "c2")
	c1.login("s1", "k1")
	c2.must("k1", session.SwitchCarbons{Session: id("s1"), On: true})
	c1.must("k1", session.SwitchCarbons{Session: id("s1"), On: false})
	// c2's own table still has carbons on.
	if a := c2.must("k1", session.SwitchCarbons{Session: id("s1"), On: true}); !a.Session(id("s1")).Carbons() {
		t.Error("carbons are off")
	}
}

func TestAnEndIsOfItsOwnConnectionOnly(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]session.Command{
		"close":  session.Close{Session: id("s1"), Reason: events.ReasonTimeout},
		"detach": session.Detach{Session: id("s1"), Reason: events.ReasonConnectionLost},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log := bustest.NewLog()
			c1, c2 := newNode(t, log, "c1"), newNode(t, log, "c2")
			c1.login("s1", "k1")
			c2.must("k2", session.Authenticate{Session: id("s2")})
			a := c2.must("k2", session.Resume{Session: id("s2"), Previous: id("s1"), TokenHash: "s1"})
			c1.End(t.Context(), alice, connID("k1"), c) // noticed late
			if s := c2.must("", session.Expire{}).Session(id("s1")); s == nil || s.Detached() || s.Conn != connID("k2") {
				t.Errorf("the resumed session is %+v of %s", s, fingerprint(a))
			}
			c2.End(t.Context(), alice, connID("k2"), c)
			if s := c2.must("", session.Expire{}).Session(id("s1")); s != nil && !s.Detached() {
				t.Errorf("after its own end the session is %+v", s)
			}
		})
	}
}

func TestARecordThatCantBeDecodedIsPassedOver(t *testing.T) {
	t.Parallel()
	log := bustest.NewLog()
	n := newNode(t, log, "c1")
	log.Poison(alice, []byte("?"))
	n.must("k1", session.Authenticate{Session: id("s1")})
	log.Poison(alice, []byte("??"))
	log.Poison(alice, []byte("???"))
	n.must("k1", session.Bind{Session: id("s1"), Resource: "desk"})
	log.Poison(alice, []byte("????"))
	n.fails(session.Bind{Session: id("s1"), Resource: "desk"}, session.ErrAlreadyBound)
	wantHistory(t, log, events.KindAuthenticated, events.KindBound)
}

func TestALogThatWentBackIsToldAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := bustest.NewLog()
		n := newNode(t, log, "c1")
		n.login("s1", "k1")
		log.Rewind(2)
		start := time.Now()
		n.fails(session.RequestRoster{Session: id("s1")}, events.ErrRewound)
		if d := time.Since(start); d > time.Second {
			t.Errorf("it took %v", d)
		}
	})
}

func TestRetentionMayRemoveAnAccountsHistory(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := bustest.NewLog()
		log.Retain(time.Hour)
		n := newNode(t, log, "c1")
		n.login("s1", "k1")
		time.Sleep(time.Hour)
		n.must("k1", session.BecomeAvailable{Session: id("s1")})
		n.must("k1", session.BecomeUnavailable{Session: id("s1")})
		time.Sleep(time.Hour)
		n.fails(session.Bind{Session: id("s1")}, session.ErrAlreadyBound)
		n.must("k1", session.Close{Session: id("s1")})
		wantHistory(t, log, events.KindClosed)
	})
}

func TestAServiceWithoutALogOrANameIsRefused(t *testing.T) {
	t.Parallel()
	log := bustest.NewLog()
	whole := session.Config{Log: log, Accounts: newTable(log), Connector: events.Incarnation{Name: "c1"}}
	newService(t, whole)
	for _, spoil := range []func(*session.Config){
		func(c *session.Config) { c.Log = nil },
		func(c *session.Config) { c.Accounts = nil },
		func(c *session.Config) { c.Connector.Name = "" },
	} {
		c := whole
		spoil(&c)
		if _, err := session.NewService(c); err == nil {
			t.Errorf("made of %+v", c)
		}
	}
}
