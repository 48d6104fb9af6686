package session_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

func TestACommandWaitsForALogThatElectsItsLeader(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]session.Command{
		"it appends":       session.RequestRoster{Session: id("s1")},
		"it finds nothing": session.BecomeUnavailable{Session: id("s1")},
	} {
		synctest.Test(t, func(t *testing.T) {
			log := bustest.NewLog()
			n := newNode(t, log, "c1")
			n.login("s1", "k1")
			log.Partition(true)
			begun := time.Now()
			time.AfterFunc(15*time.Second, func() { log.Partition(false) })
			n.must("k1", c)
			if took := time.Since(begun); took < 15*time.Second || took > 16*time.Second {
				t.Errorf("%s: in an outage of 15 s it took %v", name, took)
			}
		})
	}
}

func TestALongOutageIsWaitedOutOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := bustest.NewLog()
		n := newNode(t, log, "c1")
		n.login("s1", "k1")
		log.Partition(true)
		took := func() time.Duration {
			begun := time.Now()
			n.fails(session.RequestRoster{Session: id("s1")}, events.ErrUnavailable)
			return time.Since(begun)
		}
		if d := took(); d < events.MaxOutage-time.Second || d > events.MaxOutage+time.Second {
			t.Errorf("the first command took %v", d)
		}
		for range 3 {
			if d := took(); d > time.Second {
				t.Errorf("a command in an outage that is long already took %v", d)
			}
			time.Sleep(5 * time.Second)
		}
		log.Partition(false)
		n.must("k1", session.RequestRoster{Session: id("s1")})
		log.Partition(true)
		if d := took(); d < events.MaxOutage-time.Second {
			t.Errorf("in the next outage a command is refused after %v", d)
		}
	})
}

func TestAFencedConnectorWaitsForNoLog(t *testing.T) {
	t.Parallel()
	for _, c := range []session.Command{session.RequestRoster{Session: id("s1")}, session.BecomeUnavailable{Session: id("s1")}} {
		synctest.Test(t, func(t *testing.T) {
			log := bustest.NewLog()
			n := newNode(t, log, "c1")
			n.login("s1", "k1")
			log.Partition(true)
			begun := time.Now()
			time.AfterFunc(3*time.Second, n.end)
			if _, _, err := n.Do(t.Context(), alice, events.ConnID{}, c); !errors.Is(err, session.ErrFenced) || time.Since(begun) > 4*time.Second {
				t.Errorf("%#v: %v after %v", c, err, time.Since(begun))
			}
		})
	}
}

// A full log does not get emptier by waiting.
func TestAFullLogRefusesAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := bustest.NewLog()
		n := newNode(t, log, "c1")
		n.login("s1", "k1")
		log.Inject(bustest.Faults{Full: 1})
		begun := time.Now()
		n.fails(session.RequestRoster{Session: id("s1")}, events.ErrFull)
		if took := time.Since(begun); took > time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

// It is what the operator is told of a login that was refused.
func TestAnUnknownOutcomeNamesTheReason(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := bustest.NewLog()
		n := newNode(t, log, "c1")
		n.login("s1", "k1")
		log.Inject(bustest.Faults{LostAck: 1, ReadFails: 1})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, _, err := n.Do(ctx, alice, events.ConnID{}, session.RequestRoster{Session: id("s1")})
		if !errors.Is(err, events.ErrUnresolved) || errors.Is(err, events.ErrUnavailable) || !strings.Contains(err.Error(), events.ErrUnavailable.Error()) {
			t.Errorf("%v", err)
		}
	})
}
