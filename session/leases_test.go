package session_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// leaseStory folds lines like "c1#3 starts", "c1#3 stops", "c2#5 finds c1#3 lost".
func leaseStory(t *testing.T, lines ...string) *session.Leases {
	t.Helper()
	var l *session.Leases
	for i, line := range lines {
		words := strings.Fields(line)
		st := &events.Stored{Seq: events.Seq(i + 1), At: int64(100 * (i + 1))}
		st.JID, st.Connector = events.Connectors, incarnation(t, words[0])
		switch words[1] {
		case "starts":
			st.Event = events.ConnectorStarted{}
		case "stops":
			st.Event = events.ConnectorStopped{}
		case "finds":
			st.Event = events.ConnectorLost{Lost: incarnation(t, words[2])}
		}
		l = session.ApplyLease(l, st)
	}
	return l
}

func incarnation(t *testing.T, text string) (i events.Incarnation) {
	t.Helper()
	name, epoch, _ := strings.Cut(text, "#")
	if _, err := fmt.Sscan(epoch, &i.Epoch); err != nil {
		t.Fatal(err)
	}
	i.Name = name
	return i
}

// standing is who holds a lease and who no longer does.
func standing(l *session.Leases) string {
	text := "held"
	for _, h := range l.Held {
		text += fmt.Sprintf(" %s since %d", h.Incarnation, h.Since)
	}
	text += ", ended"
	for _, e := range l.Ended {
		text += " " + e.String()
	}
	return text
}

func TestWhatTheLogSaysOfLeases(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ story, want string }{
		{"c1#3 starts", "held c1#3 since 100, ended c1#2"},
		{"c1#3 starts, c2#5 starts", "held c1#3 since 100 c2#5 since 200, ended c1#2 c2#4"},
		{"c1#3 starts, c1#3 stops", "held, ended c1#3"},
		{"c1#3 starts, c2#5 starts, c2#5 finds c1#3 lost", "held c2#5 since 200, ended c1#3 c2#4"},
		// A later incarnation ends those before it, whatever became of their own ends.
		{"c1#3 starts, c1#9 starts", "held c1#9 since 200, ended c1#8"},
		{"c1#3 starts, c1#9 starts, c2#5 finds c1#3 lost, c1#3 stops", "held c1#9 since 200, ended c1#8"},
		// A late record of an earlier one changes nothing.
		{"c1#9 starts, c1#3 starts", "held c1#9 since 100, ended c1#8"},
		{"c2#5 finds c1#3 lost, c1#3 starts", "held, ended c1#3"},
		// The log need not have heard of those that have ended.
		{"c2#5 finds c1#3 lost", "held, ended c1#3"},
		{"c2#5 finds c1#3 lost, c2#5 finds c1#3 lost", "held, ended c1#3"},
	} {
		if got := standing(leaseStory(t, strings.Split(c.story, ", ")...)); got != c.want {
			t.Errorf("%s: %s, want %s", c.story, got, c.want)
		}
	}
}

func TestAnIncarnationHasEndedWithAllBeforeIt(t *testing.T) {
	t.Parallel()
	l := leaseStory(t, "c1#3 starts", "c2#5 starts", "c1#9 starts", "c2#5 stops")
	for text, want := range map[string]string{
		"c1#3": "ended", "c1#8": "ended", "c1#9": "holds", "c1#10": "", "c2#1": "ended", "c2#5": "ended", "c2#6": "", "c3#1": "",
	} {
		i, got := incarnation(t, text), ""
		if l.HasEnded(i) {
			got += "ended"
		}
		if l.Holds(i) {
			got += "holds"
		}
		if got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
	var none *session.Leases
	if none.HasEnded(incarnation(t, "c1#3")) || none.Holds(incarnation(t, "c1#3")) {
		t.Error("a log that says nothing speaks of c1#3")
	}
}

func TestEndsThatNobodyAsksForAreForgotten(t *testing.T) {
	t.Parallel()
	l := leaseStory(t, "c1#3 starts", "c1#3 stops", "c2#5 starts", "c2#5 stops", "c3#7 starts")
	left := l.Forget(func(e events.Incarnation) bool { return e.Name == "c2" })
	if got, want := standing(left), "held c3#7 since 500, ended c2#5"; got != want || left.Seq != 5 {
		t.Errorf("at %d: %s, want %s", left.Seq, got, want)
	}
	if left.Forget(func(events.Incarnation) bool { return true }) != left {
		t.Error("what nobody forgets is another")
	}
	if got, want := standing(l), "held c3#7 since 500, ended c1#3 c2#5 c3#6"; got != want {
		t.Errorf("before: %s, want %s", got, want)
	}
}

// Property: the newest incarnation of a name that the log speaks of has either a
// lease or an end, and all before it have ended; nothing that has ended begins
// again; and what was folded is never changed, nor changes when it is folded again.
func TestLeasesOnEveryPrefix(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var l *session.Leases
		newest := map[string]uint64{}
		for n := range rapid.IntRange(0, 40).Draw(t, "records") {
			st := &events.Stored{Seq: events.Seq(n + 1), At: int64(n)}
			st.JID = events.Connectors
			i := events.Incarnation{
				Name: rapid.SampledFrom([]string{"c1", "c2", "c3"}).Draw(t, "name"), Epoch: rapid.Uint64Range(1, 9).Draw(t, "epoch"),
			}
			st.Connector = i
			switch rapid.IntRange(0, 3).Draw(t, "event") {
			case 0, 1:
				st.Event = events.ConnectorStarted{}
			case 2:
				st.Event = events.ConnectorStopped{}
			case 3:
				st.Connector, st.Event = events.Incarnation{Name: "c4", Epoch: 1}, events.ConnectorLost{Lost: i}
			}
			before, wasEnded, text := l, l.HasEnded(i), fmt.Sprintf("%+v", l)
			l = session.ApplyLease(l, st)
			newest[i.Name] = max(newest[i.Name], i.Epoch)
			if again := session.ApplyLease(l, st); again != l {
				t.Fatalf("folded again: %+v, before: %+v", again, l)
			}
			if before != nil && fmt.Sprintf("%+v", before) != text {
				t.Fatalf("what was %s is %+v", text, before)
			}
			if wasEnded && !l.HasEnded(i) {
				t.Fatalf("%s had ended, and %s began it again", i, st.Event.Kind())
			}
			for name, epoch := range newest {
				i := events.Incarnation{Name: name, Epoch: epoch}
				if l.Holds(i) == l.HasEnded(i) {
					t.Fatalf("%s holds a lease: %t, has ended: %t", i, l.Holds(i), l.HasEnded(i))
				}
				for i.Epoch--; i.Epoch > 0; i.Epoch-- {
					if !l.HasEnded(i) || l.Holds(i) {
						t.Fatalf("%s has not ended, though there was a later one: %+v", i, l)
					}
				}
			}
		}
	})
}

// The same events under other sequences, as of writers who did not know of each
// other, lead to the same.
func TestAnEventThatIsStoredTwiceSaysNothingNew(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var once, twice *session.Leases
		seq := events.Seq(0)
		for n := range rapid.IntRange(1, 20).Draw(t, "records") {
			st := &events.Stored{At: int64(n)}
			st.JID = events.Connectors
			st.Connector = events.Incarnation{Name: rapid.SampledFrom([]string{"c1", "c2"}).Draw(t, "name"), Epoch: rapid.Uint64Range(1, 5).Draw(t, "epoch")}
			st.Event = rapid.SampledFrom([]events.Event{
				events.ConnectorStarted{}, events.ConnectorStopped{}, events.ConnectorLost{Lost: events.Incarnation{Name: "c2", Epoch: 3}},
			}).Draw(t, "event")
			seq++
			st.Seq = seq
			once = session.ApplyLease(once, st)
			twice = session.ApplyLease(twice, st)
			if rapid.Bool().Draw(t, "again") {
				seq++
				again := *st
				again.Seq, again.At = seq, st.At+1
				twice = session.ApplyLease(twice, &again)
			}
		}
		if !reflect.DeepEqual(once.Held, twice.Held) || !reflect.DeepEqual(once.Ended, twice.Ended) {
			t.Fatalf("%s, and with some of them twice %s", standing(once), standing(twice))
		}
	})
}
