package stats

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// asText is anything in a form that can be compared and read.
func asText(v any) string {
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		panic(err)
	}
	return string(b)
}

// firstDifference shows where two texts part.
func firstDifference(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range max(len(a), len(b)) {
		if i >= min(len(a), len(b)) || a[i] != b[i] {
			from := max(i-4, 0)
			return fmt.Sprintf("line %d: %q, want %q", i, a[from:min(i+3, len(a))], b[from:min(i+3, len(b))])
		}
	}
	return "they are the same"
}

// query is one of some span of a world's history.
func (w *world) query(random *rand.Rand) Query {
	q := Query{Step: []time.Duration{time.Minute, 7 * time.Minute, time.Hour, 24 * time.Hour}[random.IntN(4)]}
	if random.IntN(5) > 0 {
		q.Since = w.times[random.IntN(len(w.times)/2)].Add(time.Duration(random.IntN(3)-1) * time.Second)
	}
	if random.IntN(3) > 0 {
		q.Until = w.times[len(w.times)/2+random.IntN(len(w.times)/2)].Add(time.Duration(random.IntN(100)) * time.Second)
	}
	if !q.Until.IsZero() && !q.Since.Before(q.Until) {
		q.Until = time.Time{}
	}
	if span := w.now.Sub(w.times[0]); span/q.Step > 5000 {
		q.Step = time.Hour
	}
	return q
}

// Each figure is what its definition says, over histories that are random, from keyframes
// at any place.
func TestFiguresAreWhatTheirDefinitionsSay(t *testing.T) {
	t.Parallel()
	var seen Answer
	for seed := range uint64(12) {
		random := rand.New(rand.NewPCG(seed, 9))
		w := newWorld(t)
		w.live(random, 600)
		for range 4 {
			w.keyframe(events.Seq(1 + random.IntN(len(w.times))))
		}
		for range 3 {
			q := w.query(random)
			a := w.read(q)
			if !a.Complete || !a.Known || a.Seconds != int64(a.Step/time.Second) {
				t.Errorf("seed %d: it covers %s", seed, asText(a.Covers))
			}
			where := fmt.Sprintf("seed %d, %s to %s by %s", seed, a.Since, a.Until, a.Step)
			compare(t, where, w, a)
			seen.Fights, seen.Storms = append(seen.Fights, a.Fights...), append(seen.Storms, a.Storms...)
			seen.Resumes = append(seen.Resumes, a.Resumes...)
		}
	}
	if len(seen.Fights) < 5 || len(seen.Storms) < 5 || len(seen.Resumes) < 50 {
		t.Errorf("only %d fights, %d storms and %d rows of resumptions", len(seen.Fights), len(seen.Storms), len(seen.Resumes))
	}
}

func compare(t *testing.T, where string, w *world, a *Answer) {
	t.Helper()
	n := newNaive(w, a)
	resumed, agents := []Resumes{}, []Agent{}
	for _, r := range a.Resumes {
		want := n.resumes()[byWord{r.By, r.Of}]
		if want == nil || !near(r.P50, want.P50) || !near(r.P90, want.P90) || !near(r.P99, want.P99) {
			t.Errorf("%s: resumes of %s %s: %s, want %s", where, r.By, r.Of, asText(r), asText(want))
			continue
		}
		r.P50, r.P90, r.P99 = want.P50, want.P90, want.P99
		if asText(r) != asText(want) {
			t.Errorf("%s: resumes of %s %s: %s, want %s", where, r.By, r.Of, asText(r), asText(want))
		}
		resumed = append(resumed, r)
	}
	if len(resumed) != len(n.resumes()) {
		t.Errorf("%s: %d rows of resumes, want %d", where, len(resumed), len(n.resumes()))
	}
	for _, row := range a.Agents {
		agents = append(agents, n.agents()[row.Agent])
	}
	for name, pair := range map[string][2]any{
		"concurrency": {a.Concurrency, n.concurrency()},
		"logins":      {a.Logins, n.logins(w.failed)},
		"ends":        {a.Ends, n.ends()},
		"users":       {sortedUsers(a.Users), sortedUsers(n.users())},
		"agents":      {a.Agents, agents},
		"connectors":  {a.Connectors, n.connectors()},
		"fights":      {a.Fights, n.fights()},
		"storms":      {a.Storms, n.storms()},
	} {
		if got, want := asText(pair[0]), asText(pair[1]); got != want {
			t.Errorf("%s: %s: %s", where, name, firstDifference(got, want))
		}
	}
	compareDurations(t, where, a, n.durations())
}

func sortedUsers(list []Users) []Users {
	slices.SortFunc(list, func(a, b Users) int {
		return a.Begins.Add(time.Duration(len(a.Period))).Compare(b.Begins.Add(time.Duration(len(b.Period))))
	})
	return list
}

// near reports what a sketch may say of a number.
func near(got, want int64) bool { return max(got, want)-min(got, want) <= want/250 }

func compareDurations(t *testing.T, where string, a *Answer, want map[byWord][]int64) {
	t.Helper()
	if len(a.Durations) != len(want) {
		t.Errorf("%s: %d rows of durations, want %d", where, len(a.Durations), len(want))
	}
	for _, row := range a.Durations {
		all := want[byWord{row.By, row.Of}]
		if int(row.Sessions) != len(all) || len(all) == 0 || row.Longest != all[len(all)-1] ||
			!near(row.P50, quantile(all, .5)) || !near(row.P90, quantile(all, .9)) || !near(row.P99, quantile(all, .99)) {
			t.Errorf("%s: durations of %s %s: %s, want those of %d", where, row.By, row.Of, asText(row), all)
			continue
		}
		from := int64(-1)
		for _, b := range row.Buckets {
			n := 0
			for _, ms := range all {
				if ms > from && (ms <= b.To || b.To == 0) {
					n++
				}
			}
			if n != int(b.Sessions) {
				t.Errorf("%s: %s %s: %d of up to %d ms, want %d", where, row.By, row.Of, b.Sessions, b.To, n)
			}
			from = b.To
		}
	}
}

// Figures read from a keyframe on are those of the whole log, one for one.
func TestAKeyframeChangesNoFigure(t *testing.T) {
	t.Parallel()
	for seed := range uint64(12) {
		random := rand.New(rand.NewPCG(seed, 10))
		w := newWorld(t)
		w.live(random, 600)
		q := w.query(random)
		whole := asText(w.read(q))
		for range 6 {
			w.keyframe(events.Seq(1 + random.IntN(len(w.times))))
		}
		if got := asText(w.read(q)); got != whole {
			t.Errorf("seed %d: %s", seed, firstDifference(got, whole))
		}
	}
}
