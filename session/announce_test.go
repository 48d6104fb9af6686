package session_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// said is what the log says of connectors, a line an event.
func said(t *testing.T, log events.Log) (lines []string) {
	t.Helper()
	prev := events.Seq(0)
	for st, err := range events.Intact(log.Read(t.Context(), events.Range{Account: events.Connectors})) {
		if err != nil {
			t.Fatal(err)
		}
		line := fmt.Sprint(st.Connector, " ", st.Event.Kind())
		if e, ok := st.Event.(events.ConnectorLost); ok {
			line += " " + e.Lost.String()
		}
		lines = append(lines, line)
		if st.Prev != prev && prev != 0 {
			t.Errorf("%s was appended after %d, not %d", line, st.Prev, prev)
		}
		prev = st.Seq
	}
	return lines
}

func wantSaid(t *testing.T, log events.Log, want ...string) {
	t.Helper()
	if got := said(t, log); !slices.Equal(got, want) {
		t.Errorf("the log says %q, want %q", got, want)
	}
}

func TestAnnouncementsAreStoredOnTopOfEachOther(t *testing.T) {
	t.Parallel()
	log := bustest.NewLog()
	c1, c2 := newNode(t, log, "c1"), newNode(t, log, "c2")
	c1.login("s1", "k1")
	for _, step := range []struct {
		by    *node
		event events.Event
	}{
		{c1, events.ConnectorStarted{}},
		{c2, events.ConnectorStarted{}},
		{c1, events.ConnectorStarted{}}, // again
		{c2, events.ConnectorLost{Lost: c1.Connector()}},
		{c2, events.ConnectorLost{Lost: c1.Connector()}},
		{c2, events.ConnectorStopped{}},
	} {
		// Nobody knows anything before.
		if err := step.by.Announce(t.Context(), nil, step.event); err != nil {
			t.Fatal(err)
		}
	}
	wantSaid(t, log, "c1#1 connector_started", "c2#1 connector_started", "c2#1 connector_lost c1#1", "c2#1 connector_stopped")
	c1.must("k1", session.RequestRoster{Session: id("s1")}) // whose history this is not
}

func TestWhatManyAnnounceAtOnceIsStoredOnce(t *testing.T) {
	t.Parallel()
	for seed := range uint64(30) {
		synctest.Test(t, func(t *testing.T) {
			log := bustest.NewLog()
			log.Inject(bustest.Faults{
				Seed: seed, LostAck: 0.1, LostRequest: 0.1, LateRequest: 0.1, InFlight: 0.1, Unavailable: 0.1,
				ReadFails: 0.1, Delay: 100 * time.Millisecond,
			})
			var all sync.WaitGroup
			for i := range 5 {
				n := newNode(t, log, fmt.Sprintf("c%d", i))
				all.Go(func() {
					for _, e := range []events.Event{
						events.ConnectorStarted{},
						events.ConnectorLost{Lost: events.Incarnation{Name: "d1", Epoch: 7}},
						events.ConnectorLost{Lost: events.Incarnation{Name: "d2", Epoch: 8}},
					} {
						for n.Announce(t.Context(), nil, e) != nil {
							time.Sleep(time.Second)
						}
					}
				})
			}
			all.Wait()
			log.Inject(bustest.Faults{})
			log.Settle()
			counts := map[string]int{}
			for st, err := range log.Read(t.Context(), events.Range{}) {
				if err != nil {
					t.Fatal(err)
				}
				key := st.Connector.String()
				if e, ok := st.Event.(events.ConnectorLost); ok {
					key = e.Lost.String()
				}
				counts[key]++
			}
			if len(counts) != 7 {
				t.Errorf("seed %d: the log speaks of %v, want 5 that began and 2 that were lost", seed, counts)
			}
			for of, n := range counts {
				if n != 1 {
					t.Errorf("seed %d: the log says %d times what became of %s", seed, n, of)
				}
			}
			said(t, log)
		})
	}
}

func TestAnAnnouncementFindsItsPlaceInALogThatHasForgotten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := bustest.NewLog()
		log.Retain(time.Hour)
		n := newNode(t, log, "c1")
		if err := n.Announce(t.Context(), nil, events.ConnectorStarted{}); err != nil {
			t.Fatal(err)
		}
		known := session.ApplyLease(nil, &events.Stored{Seq: 1, Record: events.Record{Connector: n.Connector(), Event: events.ConnectorStarted{}}})
		time.Sleep(2 * time.Hour)
		log.Poison(events.Connectors, []byte("?"))
		if err := n.Announce(t.Context(), known, events.ConnectorStopped{}); err != nil {
			t.Fatal(err)
		}
		wantSaid(t, log, "c1#1 connector_stopped")
	})
}

func TestAConnectorWithoutALeaseAnnouncesNothing(t *testing.T) {
	t.Parallel()
	log := bustest.NewLog()
	n := newNode(t, log, "c1")
	n.end()
	if err := n.Announce(t.Context(), nil, events.ConnectorStarted{}); !errors.Is(err, session.ErrFenced) {
		t.Errorf("%v, want: %v", err, session.ErrFenced)
	}
	wantSaid(t, log)
}

// Nobody who logs in waits for the place in the log where connectors are.
func TestAnAnnouncementHoldsUpNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := bustest.NewLog()
		slow := &slowFor{Log: log, account: events.Connectors}
		n := newNode(t, slow, "c1")
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		go n.Announce(ctx, nil, events.ConnectorStarted{})
		synctest.Wait()
		begun := time.Now()
		for i := range 1000 { // more than there are stripes
			if _, _, err := n.Do(ctx, mustJID(fmt.Sprintf("user%d@example.org", i)), events.ConnID{}, session.CreateAccount{}); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(begun); took > 0 {
			t.Errorf("it took %v", took)
		}
	})
}

// A slowFor log never answers appends to one account.
type slowFor struct {
	events.Log
	account events.JID
}

func (l *slowFor) Append(ctx context.Context, r *events.Record) (events.Position, error) {
	if r.Account() == l.account {
		<-ctx.Done()
		return events.Position{}, events.ErrUnresolved
	}
	return l.Log.Append(ctx, r)
}
