package stats

import (
	"cmp"
	"slices"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// A Fight is sessions that took one full JID from each other.
type Fight struct {
	JID      events.JID `json:"jid"`
	Began    time.Time  `json:"began"` // the first of them was replaced
	Ended    time.Time  `json:"ended"` // the last was
	Replaced int        `json:"replaced"`
}

// leastFight is how many replaced sessions make a fight.
const leastFight = 3

// manyFights is how many are held until those that are not among the greatest are
// forgotten.
const manyFights = 4 * MaxFights

type fights struct {
	nothing
	open  map[string]*fight // by full JID
	sweep int               // at how many open ones those that are over are looked for
	over  []Fight
}

type fight struct {
	jid         events.JID
	first, last int64
	n           int
}

func newFights() *fights { return &fights{open: map[string]*fight{}, sweep: 1024, over: []Fight{}} }

func (g *fights) take(c *change) {
	if c.reason != events.ReasonReplaced {
		return
	}
	for _, s := range c.ended {
		if s.Bound() {
			g.replaced(s, c.at)
		}
	}
}

func (g *fights) replaced(s *session.Session, at int64) {
	o := g.open[s.JID().String()]
	if o != nil && isOver(o, at) {
		g.close(o)
		o = nil
	}
	if o == nil {
		g.forget(at)
		o = &fight{jid: s.JID().Clone(), first: at}
		g.open[o.jid.String()] = o
	}
	o.last, o.n = at, o.n+1
}

func isOver(o *fight, at int64) bool { return at-o.last > int64(FightWindow) }

func (g *fights) close(o *fight) {
	delete(g.open, o.jid.String())
	if o.n < leastFight {
		return
	}
	g.over = append(g.over, Fight{o.jid, instant(o.first), instant(o.last), o.n})
	if len(g.over) >= manyFights {
		g.cut()
	}
}

// forget closes those that are over, when there are many.
func (g *fights) forget(at int64) {
	if len(g.open) < g.sweep {
		return
	}
	for _, o := range g.open {
		if isOver(o, at) {
			g.close(o)
		}
	}
	g.sweep = max(1024, 2*len(g.open))
}

// cut leaves the greatest.
func (g *fights) cut() {
	slices.SortFunc(g.over, func(a, b Fight) int {
		return cmp.Or(-cmp.Compare(a.Replaced, b.Replaced), a.Began.Compare(b.Began), a.JID.Compare(b.JID))
	})
	g.over = g.over[:min(len(g.over), MaxFights)]
}

func (g *fights) end(*fold) {
	for _, o := range g.open {
		g.close(o)
	}
	g.cut()
}

func (g *fights) answer(all *Answer) { all.Fights = g.over }
