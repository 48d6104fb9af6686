package ask

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector"
	"github.com/rollcall-xmpp/rollcall/replay"
)

// A chronicle is a log that a test writes, and the table that is folded from it.
type chronicle struct {
	t     *testing.T
	log   *bustest.Log
	table *projector.Table
	prev  map[events.JID]events.Seq
	as    string // the connector that writes
}

func newChronicle(t *testing.T) *chronicle {
	return &chronicle{t, bustest.NewLog(), projector.NewTable(), map[events.JID]events.Seq{}, "c1"}
}

// write appends what happens to a session.
func (c *chronicle) write(id events.SessionID, jid string, all ...events.Event) {
	c.t.Helper()
	for _, e := range all {
		r := events.Record{ID: events.NewEventID(time.Now()), Time: time.Now().UnixNano(), Session: id, JID: events.StoredJID(jid), Connector: events.Incarnation{Name: c.as, Epoch: 1}, Event: e}
		r.Prev = c.prev[r.Account()]
		p, err := c.log.Append(c.t.Context(), &r)
		if err != nil {
			c.t.Fatal(err)
		}
		c.prev[r.Account()] = p.Seq
		c.table.Fold(&events.Stored{Record: r, Seq: p.Seq, At: r.Time})
	}
}

func (c *chronicle) source() *Source {
	return &Source{Archive: replay.Archive{Log: c.log}, Now: PresentOf(c.table)}
}

// stay is how a session of bob is told.
func (c *chronicle) stay(id events.SessionID) *Stay {
	c.t.Helper()
	s, err := c.source().Stay(c.t.Context(), events.StoredJID("bob@localhost"), id, 0, 10)
	if err != nil {
		c.t.Fatal(err)
	}
	return s
}

// However much of a session the log has forgotten, the rest is told.
func TestASessionOfWhichTheLogHasForgottenMuchIsToldAllTheSame(t *testing.T) {
	t.Parallel()
	c := newChronicle(t)
	repeated, ended, taken, taker := events.NewSessionID(time.Now()), events.NewSessionID(time.Now()), events.NewSessionID(time.Now()), events.NewSessionID(time.Now())
	c.write(repeated, "bob@localhost/a", events.Refreshed{Since: time.Now().UnixNano(), Available: true, Priority: 4, Presence: "<presence/>"})
	c.write(ended, "bob@localhost/b", events.Closed{Reason: events.ReasonError, Text: "not well-formed"})
	c.write(taken, "bob@localhost/c", events.Refreshed{Since: time.Now().UnixNano()})
	c.write(taker, "bob@localhost/c", events.Refreshed{Since: time.Now().UnixNano()})
	for id, want := range map[events.SessionID]string{
		repeated: "bob@localhost/a: it goes on: available with priority 4",
		ended:    "bob@localhost/b: it broke the protocol: not well-formed",
		taken:    "bob@localhost/c: another client took the same full JID, the session " + taker.String(),
		taker:    "bob@localhost/c: it goes on: connected, without presence",
	} {
		if s := c.stay(id); s.Session.JID.String()+": "+s.Why != want || len(s.Events) != 1 || (s.Ended != "") != (s.Reason != "") {
			t.Errorf("%s: %+v, want %s", s.Session.JID, s, want)
		}
	}
	forgotten := newChronicle(t)
	forgotten.table = c.table
	if s := forgotten.stay(repeated); s.Session.JID.String() != "bob@localhost/a" || !strings.HasPrefix(s.Why, "it goes on") || !s.Complete {
		t.Errorf("a session that only the table knows: %+v", s)
	}
	if s, err := forgotten.source().Stay(t.Context(), events.StoredJID("bob@localhost"), ended, 0, 10); !errors.Is(err, ErrNoSession) {
		t.Errorf("a session that nobody knows: %+v, %v", s, err)
	}
}

func TestALostConnectorIsNamedWithWhoeverFoundOut(t *testing.T) {
	t.Parallel()
	for finder, want := range map[string]string{"c2": "c1, as c2 found out", "c1": "c1, as its next start found out"} {
		c := newChronicle(t)
		id := events.NewSessionID(time.Now())
		c.write(id, "bob@localhost", events.Authenticated{})
		c.as = finder
		c.write(id, "bob@localhost", events.Closed{Reason: events.ReasonConnectorLost})
		if got := c.stay(id).Why; got != "its connector was killed or cut off from the log: "+want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// An end that is too far away is not looked for, and that is said.
func TestTheEndOfASessionIsLookedForInSoManyRecords(t *testing.T) {
	t.Parallel()
	c := newChronicle(t)
	id := events.NewSessionID(time.Now())
	c.write(id, "bob@localhost", events.Authenticated{})
	c.write(id, "bob@localhost/a", events.Bound{})
	far := stayFold{id: id, stay: &Stay{Complete: true}, limit: 10, deadline: time.Now().Add(time.Hour)}
	var last *events.Stored
	for st, err := range c.log.Read(t.Context(), events.Range{}) {
		if err != nil {
			t.Fatal(err)
		}
		last = st
		far.take(st)
	}
	other := *last
	other.Session, other.Event = events.SessionID{1}, events.CarbonsEnabled{}
	for more := true; more; {
		other.Seq++
		more = far.take(&other)
	}
	if far.finish(); far.stay.Scanned != maxRecords || !far.stay.Cut || far.stay.Complete || !strings.Contains(far.stay.Why, "too many events") {
		t.Errorf("%+v", far.stay)
	}
}

// The record of a session's login is found though its connector's clock is ahead, or the
// log took it late; and not in a log that has none.
func TestTheAccountOfASessionIsFoundByTheTimeInItsID(t *testing.T) {
	t.Parallel()
	for _, ahead := range []time.Duration{0, 30 * time.Second, -9 * time.Minute} {
		c := newChronicle(t)
		id := events.NewSessionID(time.Now().Add(ahead))
		c.write(events.NewSessionID(time.Now()), "alice@localhost", events.Authenticated{})
		c.write(id, "bob@localhost", events.Authenticated{})
		if got, err := c.source().AccountOf(context.Background(), id); err != nil || got.String() != "bob@localhost" {
			t.Errorf("a clock that is %s ahead: %s, %v", ahead, got, err)
		}
		if got, err := c.source().AccountOf(context.Background(), events.NewSessionID(time.Now())); !errors.Is(err, ErrNoSession) {
			t.Errorf("a session that there isn't: %s, %v", got, err)
		}
	}
}
