package replay

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"rollcall/session"
)

// changes names the sessions of a diff: + appeared, - gone, ~ changed.
func changes(t *testing.T, w *world, from, to Moment) (list []string) {
	t.Helper()
	for c, err := range Diff(t.Context(), w, from, to) {
		if err != nil {
			t.Fatal(err)
		}
		sign := "~"
		switch {
		case c.Before == nil:
			sign = "+"
		case c.After == nil:
			sign = "-"
		}
		list = append(list, sign+c.JID().String())
	}
	return list
}

func TestADiffIsTheSessionsThatAreNotTheSame(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.online(1, "alice@localhost", "phone") // 1 to 3
		w.online(2, "bob@localhost", "desk")    // 4 to 6
		w.online(3, "carol@localhost", "web")   // 7 to 9
		w.do("bob@localhost", session.Close{Session: sid(2)})
		w.do("carol@localhost", session.BecomeAvailable{Session: sid(3), Priority: 5})
		for _, c := range []struct {
			name     string
			from, to Moment
			want     []string
		}{
			{"nothing in between", Moment{Seq: 3}, Moment{Seq: 3}, nil},
			{"one came", Moment{Seq: 3}, Moment{Seq: 6}, []string{"+bob@localhost/desk"}},
			{"one was bound", Moment{Seq: 1}, Moment{Seq: 2}, []string{"~alice@localhost/phone"}},
			{"one went, one changed", Moment{Seq: 9}, Moment{}, []string{"-bob@localhost/desk", "~carol@localhost/web"}},
			{"one came and went", Moment{Seq: 3}, Moment{Seq: 10}, []string{"+carol@localhost/web"}},
			{"by time", Moment{Time: w.at(3)}, Moment{Time: w.at(6)}, []string{"+bob@localhost/desk"}},
			{"by time and sequence", Moment{Time: w.at(3)}, Moment{Seq: 6}, []string{"+bob@localhost/desk"}},
			{"from the beginning", Moment{Time: w.at(1).Add(-1)}, Moment{Seq: 6}, []string{"+alice@localhost/phone", "+bob@localhost/desk"}},
		} {
			if got := changes(t, w, c.from, c.to); !slices.Equal(got, c.want) {
				t.Errorf("%s: %v, want %v", c.name, got, c.want)
			}
		}
	})
}

func TestADiffAgreesWithTheTablesOfItsMoments(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		for i := range byte(4) {
			w.online(i+1, "alice@localhost", fmt.Sprintf("r%d", i))
		}
		w.do("alice@localhost", session.Kick{})
		for from := range w.last() {
			for to := from; to <= w.last(); to++ {
				if from == 0 {
					continue
				}
				checkDiff(t, w, Moment{Seq: from}, Moment{Seq: to})
			}
		}
	})
}

func checkDiff(t *testing.T, w *world, from, to Moment) {
	t.Helper()
	was, err := AccountAt(t.Context(), w, jid("alice@localhost"), from)
	if err != nil {
		t.Fatal(err)
	}
	is, err := AccountAt(t.Context(), w, jid("alice@localhost"), to)
	if err != nil {
		t.Fatal(err)
	}
	n := len(was.Sessions)
	for c, err := range Diff(t.Context(), w, from, to) {
		switch {
		case err != nil:
			t.Fatal(err)
		case c.Before == nil:
			n++
		case c.After == nil:
			n--
		}
		if c.Before != nil && was.Session(c.Before.ID) == nil || c.After != nil && is.Session(c.After.ID) == nil {
			t.Errorf("from %s to %s: %+v is in neither table", from, to, c)
		}
	}
	if n != len(is.Sessions) {
		t.Errorf("from %s to %s the diff leads to %d sessions, there are %d", from, to, n, len(is.Sessions))
	}
}

func TestADiffGoesForwardAndNotIntoTheFuture(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.online(1, "alice@localhost", "phone")
		for _, c := range []struct{ from, to Moment }{
			{Moment{Seq: 3}, Moment{Seq: 2}},
			{Moment{Seq: 3}, Moment{Time: w.at(2)}},
			{Moment{Time: w.at(3)}, Moment{Seq: 2}},
			{Moment{Time: w.at(3)}, Moment{Time: w.at(3).Add(-1)}},
			{Moment{Time: w.at(2).Add(2)}, Moment{Time: w.at(2).Add(1)}},
			{Moment{Seq: 1}, Moment{Seq: 9}},
			{Moment{Seq: 1}, Moment{Time: time.Now().Add(time.Hour)}},
		} {
			n := 0
			for _, err := range Diff(t.Context(), w, c.from, c.to) {
				if n++; err == nil || n > 1 {
					t.Errorf("from %s to %s there is a change, or more than an error", c.from, c.to)
				}
			}
			if n == 0 {
				t.Errorf("from %s to %s there is no error", c.from, c.to)
			}
		}
		for _, err := range Diff(t.Context(), w, Moment{}, Moment{Seq: 9}) {
			if !errors.Is(err, ErrFuture) {
				t.Error(err)
			}
		}
	})
}
