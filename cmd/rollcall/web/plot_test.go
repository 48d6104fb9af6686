package web

import (
	"strings"
	"testing"
	"time"
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

// The SQL that a page shows is that of the examples, whose figures are checked.
func TestFiguresHaveTheirSQL(t *testing.T) {
	t.Parallel()
	for i := range figures {
		f := &figures[i]
		if (f.query != "") != strings.Contains(f.sql(), "create macro") {
			t.Errorf("%s: %q", f.name, f.sql())
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
