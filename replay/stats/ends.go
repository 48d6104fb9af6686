package stats

import (
	"cmp"
	"slices"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// Ends are those of a step by one reason.
type Ends struct {
	At       time.Time     `json:"at"`
	Reason   events.Reason `json:"reason"`
	Sessions int           `json:"sessions"`
}

type ends struct {
	nothing
	reasons words
	rows    map[stepWord]int
}

func newEnds() *ends { return &ends{reasons: words{}, rows: map[stepWord]int{}} }

func (g *ends) take(c *change) {
	if len(c.ended) > 0 {
		g.rows[stepWord{c.fold.of(c.at), g.reasons.of(string(c.reason))}] += len(c.ended)
	}
}

func (g *ends) answer(all *Answer) {
	all.Ends = make([]Ends, 0, len(g.rows))
	for at, n := range g.rows {
		all.Ends = append(all.Ends, Ends{instant(at.step), events.Reason(at.word), n})
	}
	slices.SortFunc(all.Ends, func(a, b Ends) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Reason, b.Reason))
	})
}
