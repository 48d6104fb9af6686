package replay

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"rollcall/events"
	"rollcall/session"
)

// kinds reads a history and names its events; poison is named so.
func kinds(t *testing.T, w *world, account string, since, until time.Time) (names []string) {
	t.Helper()
	for step, err := range History(t.Context(), w, jid(account), since, until) {
		var poison *events.PoisonError
		switch {
		case errors.As(err, &poison):
			names = append(names, "poison")
		case err != nil:
			t.Fatal(err)
		default:
			names = append(names, step.Event.Kind().String())
		}
	}
	return names
}

func TestAHistoryIsWhatHappenedToTheAccountAndNoOther(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.online(1, "alice@localhost", "phone")
		w.online(2, "bob@localhost", "desk")
		w.poison()
		w.do("alice@localhost", session.Close{Session: sid(1)})
		want := []string{"authenticated", "bound", "presence_available", "poison", "closed"}
		for _, who := range []string{"alice@localhost", "alice@localhost/phone"} {
			if got := kinds(t, w, who, time.Time{}, time.Time{}); !slices.Equal(got, want) {
				t.Errorf("%s: %v, want %v", who, got, want)
			}
		}
		if got := kinds(t, w, "nobody@localhost", time.Time{}, time.Time{}); got != nil {
			t.Errorf("nobody: %v", got)
		}
	})
}

func TestAHistoryBeginsAtSinceAndEndsBeforeUntil(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.online(1, "alice@localhost", "phone")
		w.do("alice@localhost", session.Close{Session: sid(1)})
		w.poison()
		for _, c := range []struct {
			name         string
			since, until time.Time
			want         []string
		}{
			{"since an event", w.at(3), time.Time{}, []string{"presence_available", "closed", "poison"}},
			{"since after it", w.at(3).Add(1), time.Time{}, []string{"closed", "poison"}},
			{"since after the poison", w.at(5).Add(1), time.Time{}, nil},
			{"until an event", time.Time{}, w.at(2), []string{"authenticated"}},
			{"between", w.at(2), w.at(4), []string{"bound", "presence_available"}},
		} {
			if got := kinds(t, w, "alice@localhost", c.since, c.until); !slices.Equal(got, c.want) {
				t.Errorf("%s: %v, want %v", c.name, got, c.want)
			}
		}
	})
}

func TestEachStepHasTheAccountBeforeAndAfterItWhereverTheHistoryBegins(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.online(1, "alice@localhost", "phone")
		for _, since := range []time.Time{{}, w.at(2), w.at(3)} {
			for step, err := range History(t.Context(), w, jid("alice@localhost"), since, time.Time{}) {
				if err != nil {
					t.Fatal(err)
				}
				if (step.Before == nil) != (step.Seq == 1) || step.After.Seq != step.Seq {
					t.Errorf("record %d: before it %+v, after it %+v", step.Seq, step.Before, step.After)
				}
				wasBound := step.Before.Resource("phone") != nil
				if wasBound != (step.Seq > 2) || (step.After.Resource("phone") != nil) != (step.Seq >= 2) {
					t.Errorf("record %d: bound before it: %v", step.Seq, wasBound)
				}
			}
		}
	})
}

func TestAHistoryThatIsCutShortSaysSo(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.online(1, "alice@localhost", "phone")
		ctx, cancel := context.WithCancel(t.Context())
		var last error
		for _, err := range History(ctx, cutLog{w.Log, cancel}, jid("alice@localhost"), time.Time{}, time.Time{}) {
			last = err
		}
		if !errors.Is(last, context.Canceled) {
			t.Errorf("it ends with %v", last)
		}
		w.Partition(true)
		for _, err := range History(t.Context(), w, jid("alice@localhost"), time.Time{}, time.Time{}) {
			last = err
		}
		if !errors.Is(last, events.ErrUnavailable) {
			t.Errorf("without the log it ends with %v", last)
		}
	})
}

func TestATailGivesWhatComesForOneAccountOrAll(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.online(1, "alice@localhost", "phone")
		w.poison()
		w.online(2, "bob@localhost", "desk")
		w.do("alice@localhost", session.Close{Session: sid(1)})
		for _, c := range []struct {
			account events.JID
			after   events.Seq
			want    []events.Seq
		}{
			{events.JID{}, 0, []events.Seq{1, 2, 3, 4, 5, 6, 7, 8}},
			{events.JID{}, 6, []events.Seq{7, 8}},
			{jid("alice@localhost"), 2, []events.Seq{3, 4, 8}},
			{jid("alice@localhost/phone"), 4, []events.Seq{8}},
		} {
			var got []events.Seq
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			for st, err := range Tail(ctx, w, c.account, c.after) {
				var poison *events.PoisonError
				if errors.As(err, &poison) {
					got = append(got, poison.Seq)
					continue
				}
				if got = append(got, st.Seq); st.Seq == w.last() {
					cancel() // the tail has no end of its own
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%s after %d: %v, want %v", c.account, c.after, got, c.want)
			}
		}
	})
}
