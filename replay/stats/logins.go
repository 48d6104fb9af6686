package stats

import (
	"cmp"
	"slices"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// Logins are those of a step by one mechanism.
type Logins struct {
	At        time.Time `json:"at"`
	Mechanism string    `json:"mechanism"`
	Succeeded int       `json:"succeeded"`
	Failed    int       `json:"failed"`
}

type logins struct {
	nothing
	mechanisms words
	rows       map[stepWord]*Logins
}

// A stepWord is what is counted apart in a step.
type stepWord struct {
	step int64
	word string
}

func newLogins() *logins { return &logins{mechanisms: words{}, rows: map[stepWord]*Logins{}} }

func (g *logins) take(c *change) {
	if e, ok := c.Event.(events.Authenticated); ok {
		g.row(c.fold.of(c.at), e.Mechanism).Succeeded++
	}
}

// fail counts one that failed.
func (g *logins) fail(step int64, mechanism string) { g.row(step, mechanism).Failed++ }

func (g *logins) row(step int64, mechanism string) *Logins {
	at := stepWord{step, g.mechanisms.of(mechanism)}
	row := g.rows[at]
	if row == nil {
		row = &Logins{At: instant(step), Mechanism: at.word}
		g.rows[at] = row
	}
	return row
}

func (g *logins) answer(all *Answer) {
	all.Logins = make([]Logins, 0, len(g.rows))
	for _, row := range g.rows {
		all.Logins = append(all.Logins, *row)
	}
	slices.SortFunc(all.Logins, func(a, b Logins) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Mechanism, b.Mechanism))
	})
}
