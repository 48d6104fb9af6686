package examples

import (
	"encoding/json"
	"math"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// An answer has rows as DuckDB writes them.
type answer []map[string]any

// askSQL compares each question of analytics.sql, asked of an export, with what Go finds in
// the log that it is of.
func (s *service) askSQL(t *testing.T) {
	var exported struct {
		Open uint64 `json:"open_seq"`
	}
	if err := json.Unmarshal([]byte(s.run(s.program, "export", "hist", "--json")), &exported); err != nil || exported.Open == 0 {
		t.Fatal(exported, err)
	}
	end := events.Seq(exported.Open)
	f := foldLog(t, s.connect(), end)
	durations := s.statsDurations(t, end)
	questions := []struct {
		sql  string
		want answer
	}{
		{"from concurrency(step := interval 1 hour)", s.statsConcurrency(t, end, time.Hour)},
		{"from logins_by_mechanism(step := interval 1 hour)", s.statsLogins(t, end, time.Hour)},
		{"from ends(step := interval 1 hour)", s.statsEnds(t, end, time.Hour)},
		{"from durations()", durations},
		{"from active()", s.statsActive(t, end, "day")},
		{"from active(period := 'week')", s.statsActive(t, end, "week")},
		{"from active(period := 'month')", s.statsActive(t, end, "month")},
		{"from retention()", f.askRetention()},
		{"from resumption()", s.statsResumption(t, end)},
		{"from clients()", s.statsAgents(t, end)},
		{"from connectors()", s.statsConnectors(t, end)},
		{"from storms()", s.statsStorms(t, end)},
		{"from fights()", s.statsFights(t, end)},
		{"from guessing()", f.askGuessing(10)},
	}
	var all []string
	for _, q := range questions {
		all = append(all, q.sql)
	}
	for i, got := range s.duckdb(all...) {
		switch questions[i].sql {
		case "from durations()":
			got = within(got, durations)
		case "from storms()":
			got = together(t, got)
		case "from fights()":
			got = untagged(t, got)
		}
		t.Run(questions[i].sql, func(t *testing.T) { compare(t, got, questions[i].want) })
	}
}

// duckdb asks questions as somebody would who has a shell.
func (s *service) duckdb(sql ...string) (answers []answer) {
	s.t.Helper()
	args := []string{"-json", "-init", s.example("analytics.sql")}
	for _, one := range sql {
		args = append(args, "-c", one)
	}
	said := s.run(filepath.Join(s.bin, "duckdb"), args...)
	answers = make([]answer, len(sql))
	for in, i := json.NewDecoder(strings.NewReader(said)), 0; i < len(sql); i++ {
		if err := in.Decode(&answers[i]); err != nil {
			s.t.Fatalf("%s: %v: %s", sql[i], err, said)
		}
	}
	return answers
}

// compare reports the rows that only one side has. An answer without rows proves nothing.
func compare(t *testing.T, got, want answer) {
	t.Helper()
	g, w := texts(t, got), texts(t, want)
	if len(w) == 0 {
		t.Fatal("Go finds nothing")
	}
	t.Logf("%d rows, the last of them %s", len(w), w[len(w)-1])
	for _, row := range g {
		if !slices.Contains(w, row) {
			t.Errorf("only SQL has %s", row)
		}
	}
	for _, row := range w {
		if !slices.Contains(g, row) {
			t.Errorf("only Go has  %s", row)
		}
	}
	if len(g) != len(w) {
		t.Errorf("SQL has %d rows, Go %d", len(g), len(w))
	}
}

func texts(t *testing.T, a answer) (list []string) {
	t.Helper()
	for _, row := range a {
		text, err := json.Marshal(row)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, string(text))
	}
	return list
}

const (
	aDay    = 24 * time.Hour
	instant = "2006-01-02 15:04:05+00"
)

func (f *figures) askRetention() (a answer) {
	first := f.first.UTC().Truncate(aDay)
	first = first.AddDate(0, 0, -(int(first.Weekday())+6)%7) // a Monday
	known := map[events.JID]bool{}
	for cohort := first; !cohort.After(f.last); cohort = cohort.AddDate(0, 0, 7) {
		fresh := f.activeIn(cohort.AddDate(0, 0, 6), 7)
		for account := range fresh {
			if known[account] {
				delete(fresh, account)
			}
			known[account] = true
		}
		for later := 0; !cohort.AddDate(0, 0, 7*later).After(f.last); later++ {
			back := f.activeIn(cohort.AddDate(0, 0, 7*later+6), 7)
			n := 0
			for account := range fresh {
				if back[account] {
					n++
				}
			}
			if n > 0 {
				a = append(a, map[string]any{
					"cohort": cohort.Format(time.DateOnly), "size": len(fresh), "later": later,
					"accounts": n, "share": math.Round(1000*float64(n)/float64(len(fresh))) / 1000,
				})
			}
		}
	}
	return a
}

func (f *figures) askGuessing(least int) (a answer) {
	type source struct {
		failed           int
		names, succeeded map[events.JID]bool
		addresses        map[netip.Addr]bool
	}
	sources := map[string]*source{}
	slices.SortFunc(f.logins, func(a, b login) int { return a.at.Compare(b.at) })
	for _, l := range f.logins {
		network, err := l.address.Prefix(24)
		if err != nil {
			continue
		}
		key := l.at.UTC().Format("2006-01") + "-01 " + network.String()
		s := sources[key]
		if s == nil {
			s = &source{names: map[events.JID]bool{}, succeeded: map[events.JID]bool{}, addresses: map[netip.Addr]bool{}}
			sources[key] = s
		}
		switch {
		case !l.ok:
			s.failed++
			s.names[l.name], s.addresses[l.address] = true, true
		case s.names[l.name]:
			s.succeeded[l.name] = true
		}
	}
	for key, s := range sources {
		month, network, _ := strings.Cut(key, " ")
		if s.failed >= least {
			a = append(a, map[string]any{
				"month": month, "network": network, "failed": s.failed, "names": len(s.names),
				"addresses": len(s.addresses), "got_in": len(s.succeeded),
			})
		}
	}
	return a
}
