package examples

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay/stats"
)

// A statsLine is a line of rollcall stats --json: what is covered, or a row.
type statsLine struct {
	Figure string `json:"figure"`
	raw    []byte
}

// stats asks rollcall stats for all that the log has, which must end with a record, and
// gives the lines of a figure.
func (s *service) stats(t *testing.T, end events.Seq, figure string, args ...string) (lines []statsLine) {
	t.Helper()
	said := s.run(s.program, append([]string{"stats", figure, "--since", "60d", "--json"}, args...)...)
	for text := range strings.Lines(said) {
		l := statsLine{raw: []byte(text)}
		l.into(t, &l)
		lines = append(lines, l)
	}
	var c stats.Covers
	lines[0].into(t, &c)
	if c.Through != end || !c.Complete || !c.Known {
		t.Fatalf("stats is of %+v, and the files end with %d", c, end)
	}
	return slices.DeleteFunc(lines, func(l statsLine) bool { return l.Figure != figure })
}

func (l *statsLine) into(t *testing.T, row any) {
	t.Helper()
	if err := json.Unmarshal(l.raw, row); err != nil {
		t.Fatalf("%v: %s", err, l.raw)
	}
}

// statsConcurrency is what analytics.sql should say of it, as the ones below.
func (s *service) statsConcurrency(t *testing.T, end events.Seq, step time.Duration) (a answer) {
	for _, l := range s.stats(t, end, "concurrency", "--step", step.String()) {
		var row stats.Concurrency
		l.into(t, &row)
		a = append(a, map[string]any{
			"t": row.At.Truncate(step).Format(instant), "sessions": row.Sessions, "accounts": row.Accounts, "most": row.MostSessions,
		})
	}
	return a
}

func (s *service) statsDurations(t *testing.T, end events.Seq) (a answer) {
	for _, l := range s.stats(t, end, "durations") {
		var row stats.Durations
		if l.into(t, &row); row.By == stats.ByReason {
			a = append(a, map[string]any{
				"reason": row.Of, "sessions": row.Sessions, "p50_ms": row.P50, "p90_ms": row.P90, "p99_ms": row.P99,
			})
		}
	}
	return a
}

func (s *service) statsActive(t *testing.T, end events.Seq, period string) (a answer) {
	for _, l := range s.stats(t, end, "users") {
		var row stats.Users
		if l.into(t, &row); row.Period == period {
			a = append(a, map[string]any{"begins": row.Begins.Format(time.DateOnly), "accounts": row.Accounts})
		}
	}
	return a
}

func (s *service) statsResumption(t *testing.T, end events.Seq) (a answer) {
	for _, l := range s.stats(t, end, "resumes") {
		var row stats.Resumes
		if l.into(t, &row); row.By != stats.ByClient || row.Detached == 0 {
			continue
		}
		one := map[string]any{
			"agent": row.Of, "detached": row.Detached, "resumed": row.Resumed, "ended": row.Ended, "open": row.Open, "success": nil,
		}
		if row.Of == "" {
			one["agent"] = nil
		}
		if row.Success != nil {
			one["success"] = math.Round(1000**row.Success) / 1000
		}
		a = append(a, one)
	}
	return a
}

// within replaces quantiles that are as near to those of stats as it promises.
func within(got, want answer) answer {
	for _, row := range got {
		for _, w := range want {
			if row["reason"] != w["reason"] {
				continue
			}
			for _, key := range []string{"p50_ms", "p90_ms", "p99_ms"} {
				exact, near := row[key].(float64), float64(w[key].(int64))
				if math.Abs(exact-near) <= 0.004*exact {
					row[key] = near
				}
			}
		}
	}
	return got
}

// statsStorms counts those that came back in each storm.
func (s *service) statsStorms(t *testing.T, end events.Seq) (a answer) {
	for _, l := range s.stats(t, end, "storms") {
		var row stats.Storm
		l.into(t, &row)
		a = append(a, map[string]any{"t": row.Began.Truncate(stats.StormWindow).Format(instant), "accounts": row.CameBack})
	}
	return a
}

// together makes one storm of windows that are next to each other.
func together(t *testing.T, windows answer) (a answer) {
	var next time.Time
	for _, row := range windows {
		at, err := time.Parse(instant, row["t"].(string))
		if err != nil {
			t.Fatal(err)
		}
		if at.Equal(next) {
			row["t"], row["accounts"] = a[len(a)-1]["t"], row["accounts"].(float64)+a[len(a)-1]["accounts"].(float64)
			a = a[:len(a)-1]
		}
		a, next = append(a, row), at.Add(stats.StormWindow)
	}
	return a
}
