package ask

import (
	"context"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// Ends are written by whoever finds out, so their own connector doesn't tell who held the
// session; a reader that begins in the middle is told all the same.
func TestTheEndOfASessionIsToldWithTheConnectorThatHeldIt(t *testing.T) {
	t.Parallel()
	c := newChronicle(t)
	lost, left := events.NewSessionID(time.Now()), events.NewSessionID(time.Now())
	c.as = "c2"
	c.write(lost, "bob@localhost", events.Authenticated{})
	c.write(lost, "bob@localhost/a", events.Bound{})
	c.as = "c3"
	c.write(left, "bob@localhost", events.Authenticated{})
	c.as = "c1"
	c.write(lost, "bob@localhost/a", events.Detached{Reason: events.ReasonConnectorLost}, events.Closed{Reason: events.ReasonConnectorLost})
	c.write(left, "bob@localhost", events.Closed{Reason: events.ReasonKicked})
	for _, first := range []events.Seq{1, 4, 5} { // the login, the detachment, the end
		knowing, taking := NewHolders(c.log.Read), NewHolders(nil)
		var got, taken []string
		for st, err := range c.log.Read(t.Context(), events.Range{After: first - 1}) {
			if err != nil {
				t.Fatal(err)
			}
			held, err := knowing.Take(t.Context(), st)
			if err != nil {
				t.Fatal(err)
			}
			seen, _ := taking.Take(t.Context(), st)
			got, taken = append(got, held), append(taken, seen)
		}
		n := len(got) - 2
		if !slices.Equal(got[n:], []string{"c2", "c3"}) {
			t.Errorf("from record %d on: %q", first, got)
		}
		if known := taken[n] == "c2"; known != (first == 1) || taken[n+1] != taken[n] && !known {
			t.Errorf("from record %d on, without reading what was before: %q", first, taken)
		}
	}
}

// noFailures is the stream of events before a login, without anything.
type noFailures struct{}

func (noFailures) Read(context.Context, time.Time, time.Time) iter.Seq2[*events.Stored, error] {
	return func(func(*events.Stored, error) bool) {}
}

func (noFailures) Info(context.Context) (events.Info, error) { return events.Info{}, nil }

func TestTheStepsOfAnAccountNameTheConnectorThatWasLost(t *testing.T) {
	t.Parallel()
	c := newChronicle(t)
	id := events.NewSessionID(time.Now())
	c.as = "c2"
	c.write(id, "bob@localhost", events.Authenticated{})
	c.as = "c1"
	c.write(id, "bob@localhost", events.Closed{Reason: events.ReasonConnectorLost})
	for _, after := range []events.Seq{0, 1} {
		s := c.source()
		s.Pre = noFailures{}
		page, err := s.Steps(t.Context(), History{Account: events.StoredJID("bob@localhost"), After: after, Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		end := page.Items[len(page.Items)-1]
		if got := Sentence(end.Stored, end.Held, nil); got != "The session ended on connector c2: its connector was killed or cut off from the log." {
			t.Errorf("after record %d: %q", after, got)
		}
	}
}
