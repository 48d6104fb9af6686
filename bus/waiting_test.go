package bus_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/events"
)

func keep(t testing.TB, w *bus.Waiting, account events.JID, n int) {
	t.Helper()
	for i := range n {
		must(t, w.Store(within(t), account, []byte(fmt.Sprint(i))))
	}
}

// take takes all, or as many as n.
func take(t testing.TB, w *bus.Waiting, account events.JID, n int) (got []string) {
	t.Helper()
	for m, err := range w.Take(within(t), account) {
		must(t, err)
		if got = append(got, string(m.Data)); len(got) == n {
			break
		}
	}
	return got
}

func count(t testing.TB, w *bus.Waiting, account events.JID) int {
	t.Helper()
	n, err := w.Count(within(t), account)
	must(t, err)
	return n
}

func TestWaitingMessagesAreTakenOnceAndInOrder(t *testing.T) {
	t.Parallel()
	w := embedded(t).Waiting()
	keep(t, w, alice, 3)
	keep(t, w, bob, 1)
	if got := take(t, w, alice, -1); !slices.Equal(got, []string{"0", "1", "2"}) {
		t.Errorf("took %q", got)
	}
	if got := take(t, w, alice, -1); got != nil {
		t.Errorf("took %q again", got)
	}
	if a, b := count(t, w, alice), count(t, w, bob); a != 0 || b != 1 {
		t.Errorf("%d and %d wait", a, b)
	}
}

func TestMessagesThatArePeekedAtStay(t *testing.T) {
	t.Parallel()
	w := embedded(t).Waiting()
	keep(t, w, alice, 3)
	keep(t, w, bob, 1)
	for range 2 {
		var got []string
		for m, err := range w.Peek(within(t), alice) {
			must(t, err)
			got = append(got, string(m.Data))
		}
		if !slices.Equal(got, []string{"0", "1", "2"}) {
			t.Errorf("there are %q", got)
		}
	}
	if n := count(t, w, alice); n != 3 {
		t.Errorf("%d wait", n)
	}
}

func TestTheMessageThatTakingEndsAtStays(t *testing.T) {
	t.Parallel()
	w := embedded(t).Waiting()
	keep(t, w, alice, 3)
	if got := take(t, w, alice, 2); !slices.Equal(got, []string{"0", "1"}) {
		t.Errorf("took %q", got)
	}
	if got := take(t, w, alice, -1); !slices.Equal(got, []string{"1", "2"}) {
		t.Errorf("then took %q", got)
	}
}

func TestAnAccountsRoomIsBounded(t *testing.T) {
	t.Parallel()
	w := embedded(t).Waiting()
	keep(t, w, alice, bus.MaxWaiting)
	if err := w.Store(within(t), alice, nil); !errors.Is(err, events.ErrFull) {
		t.Errorf("one more: %v", err)
	}
	keep(t, w, bob, 1)
	take(t, w, alice, 2)
	keep(t, w, alice, 1)
}

func TestOfSessionsThatTakeTogetherOneGetsAMessage(t *testing.T) {
	t.Parallel()
	w := embedded(t).Waiting()
	const n = 50
	keep(t, w, alice, n)
	var mu sync.Mutex
	got := make(map[string]int)
	taken := 0
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for m, err := range w.Take(within(t), alice) {
				mu.Lock()
				switch {
				case errors.Is(err, bus.ErrTaken):
					taken++
				case err != nil:
					t.Error(err)
				default:
					got[string(m.Data)]++
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for data, times := range got {
		if times != 1 {
			t.Errorf("message %s was given %d times", data, times)
		}
	}
	if len(got) != n {
		t.Errorf("%d of %d messages were given; %d were told that another takes them", len(got), n, taken)
	}
}
