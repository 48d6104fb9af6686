package web

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

func TestAPlotStacksItsSeries(t *testing.T) {
	t.Parallel()
	since := time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)
	p := plotOf("Logins", since, since.Add(2*time.Minute), time.Minute, time.UTC, []series{{Name: "good", of: []int{3, 0}}, {Name: "bad", of: []int{1, 2}}})
	if top := p.Levels[len(p.Levels)-1]; top.Text != "4" || top.Y != 0 {
		t.Errorf("it ends at %+v", top)
	}
	for i, want := range []string{"M0.0 180.0H500.0v-135.0H0.0z", "M0.0 45.0H500.0v-45.0H0.0zM500.0 180.0H1000.0v-90.0H500.0z"} {
		if got := p.Series[i].Path; got != want {
			t.Errorf("%s: %s, want %s", p.Series[i].Name, got, want)
		}
	}
	if got, want := p.Words(), "good: 3; bad: 3"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestAPlotOfNothingHasAnAxis(t *testing.T) {
	t.Parallel()
	if p := plotOf("Logins", time.Time{}, time.Time{}, 0, time.UTC, nil); len(p.Levels) < 2 || p.Words() != "nothing" {
		t.Errorf("%+v", p)
	}
}

func TestTheRarestReasonsAreDrawnAsOne(t *testing.T) {
	t.Parallel()
	of := map[string][]int{"a": {9}, "b": {8}, "c": {7}, "d": {6}, "e": {5}, "f": {4}, "g": {3}}
	all := greatest(of, 1)
	if n := len(all); n != mostSeries+1 || all[0].Name != "a" || all[n-1].Name != "others" || all[n-1].of[0] != 7 {
		t.Errorf("%+v", all)
	}
}

// The SQL that a page shows is that of the examples, whose figures are checked. Each has some.
func TestFiguresHaveTheirSQL(t *testing.T) {
	t.Parallel()
	for i := range figures {
		f := &figures[i]
		if sql := f.sql(); !strings.HasPrefix(sql, "from "+f.query) || !strings.Contains(sql, "create macro") {
			t.Errorf("%s: %q", f.name, sql)
		}
	}
}

func TestATableHasALimit(t *testing.T) {
	t.Parallel()
	table := table{Head: []column{{"N", true}}}
	for i := range maxRows + 3 {
		table.add(words(i))
	}
	if len(table.Rows) != maxRows || table.Cut != 3 || !table.Rows[0][0].Number {
		t.Errorf("%d rows, %d cut", len(table.Rows), table.Cut)
	}
	if got := words("<b>").Text; got != "&lt;b&gt;" {
		t.Errorf("%s", got)
	}
}

// The color of a reason does not depend on what else there is, and is that of no other.
func TestEachReasonHasAColorOfItsOwn(t *testing.T) {
	t.Parallel()
	classes := func(of map[string][]int) map[string]string {
		all := map[string]string{}
		for _, s := range plotOf("Ends", time.Time{}, time.Time{}.Add(time.Minute), time.Minute, time.UTC, greatest(of, 1)).Series {
			all[s.Name] = s.Class
		}
		return all
	}
	few, many := classes(map[string][]int{"kicked": {1}, "client": {2}}), classes(map[string][]int{"kicked": {9}, "client": {2}, "timeout": {3}})
	if few["kicked"] != many["kicked"] || few["client"] != many["client"] || few["kicked"] == few["client"] {
		t.Errorf("%v, then %v", few, many)
	}
	style, err := staticFiles.ReadFile("static/app.css")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]events.Reason{}
	for _, r := range events.Reasons() {
		rule := regexp.MustCompile(`\.end-` + string(r) + ` \{ fill: light-dark\((#\w{6}), (#\w{6})\) \}`).FindSubmatch(style)
		if rule == nil {
			t.Errorf("%s has no color", r)
			continue
		}
		for _, color := range rule[1:] {
			if other := seen[string(color)]; other != "" {
				t.Errorf("%s has the color of %s", r, other)
			}
			seen[string(color)] = r
		}
	}
}
