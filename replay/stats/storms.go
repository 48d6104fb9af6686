package stats

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"rollcall/events"
)

// A Storm is accounts that came back together after they had lost their sessions.
type Storm struct {
	Began     time.Time     `json:"began"` // the first came back
	Ended     time.Time     `json:"ended"` // the last did
	CameBack  int           `json:"came_back"`
	Cause     events.Reason `json:"cause"`     // of most losses
	Connector string        `json:"connector"` // at which most of these were
	Caused    int           `json:"caused"`    // how many
}

type storms struct {
	nothing
	ids     identities
	lost    map[uint64]loss // by account
	sweep   int             // at how many losses those that are long ago are looked for
	names   words
	now     window   // the newest
	windows []window // those before that may be stormy
	total   int      // of all that came back
	span    steps    // by windows
}

// A loss is how an account lost a session.
type loss struct {
	at int64
	cause
}

type cause struct {
	reason    events.Reason
	connector string
}

// A window is those that came back in one.
type window struct {
	no          int64 // since 1970
	first, last int64
	n           int
	causes      map[cause]int
}

func newStorms() *storms {
	return &storms{ids: newIdentities(), lost: map[uint64]loss{}, sweep: 1024, names: words{}}
}

func (g *storms) take(c *change) {
	switch e := c.Event.(type) {
	case events.AccountRemoved:
		g.ids.remove(c.JID, c.Seq)
	case events.Authenticated, events.Resumed:
		g.comeBack(g.ids.of(c.JID.Bare()), c.at)
	case events.Detached:
		if c.detaches() {
			g.lose(c, cause{e.Reason, c.old.Connector().Name})
		}
	}
	for _, s := range c.ended {
		g.lose(c, cause{c.reason, s.Connector().Name})
	}
}

// isLoss reports a reason that is not the client's, nor anybody's wish.
func isLoss(r events.Reason) bool {
	switch r {
	case events.ReasonConnectionLost, events.ReasonTimeout, events.ReasonError, events.ReasonConnectorLost,
		events.ReasonShutdown, events.ReasonOverload, events.ReasonUnavailable:
		return true
	}
	return false
}

func (g *storms) lose(c *change, why cause) {
	if !isLoss(why.reason) {
		return
	}
	g.forget(c.at)
	why.reason, why.connector = events.Reason(strings.Clone(string(why.reason))), g.names.of(why.connector)
	g.lost[g.ids.of(c.JID.Bare())] = loss{c.at, why}
}

// forget drops the losses that are too long ago, when there are many.
func (g *storms) forget(at int64) {
	if len(g.lost) < g.sweep {
		return
	}
	for account, l := range g.lost {
		if at-l.at > int64(ComesBack) {
			delete(g.lost, account)
		}
	}
	g.sweep = max(1024, 2*len(g.lost))
}

func (g *storms) comeBack(account uint64, at int64) {
	l, ok := g.lost[account]
	if !ok {
		return
	}
	delete(g.lost, account)
	if at-l.at > int64(ComesBack) {
		return
	}
	if no := floor(at, int64(StormWindow)) / int64(StormWindow); no != g.now.no {
		g.next(window{no: no, first: at})
	}
	if g.now.n == 0 {
		g.now.causes = map[cause]int{}
	}
	g.now.last, g.now.n = at, g.now.n+1
	g.now.causes[l.cause]++
	g.total++
}

// next begins another window.
func (g *storms) next(w window) {
	if g.now.n >= StormAccounts {
		g.windows = append(g.windows, g.now)
	}
	g.now = w
}

func (g *storms) end(f *fold) {
	g.next(window{})
	g.span = steps{f.since, f.until, int64(StormWindow)}
}

func (g *storms) answer(all *Answer) {
	all.Storms = []Storm{}
	var open window
	for _, w := range g.windows {
		if int64(w.n)*g.span.count() < StormFactor*int64(g.total) {
			continue
		}
		switch {
		case open.n > 0 && w.no == open.no+1:
			open.no, open.last, open.n = w.no, w.last, open.n+w.n
			for why, n := range w.causes {
				open.causes[why] += n
			}
		default:
			all.Storms = appendStorm(all.Storms, &open)
			open = w
		}
	}
	all.Storms = appendStorm(all.Storms, &open)
}

// appendStorm adds the storm of windows that were put together, if there is any.
func appendStorm(list []Storm, w *window) []Storm {
	if w.n == 0 {
		return list
	}
	s := Storm{Began: instant(w.first), Ended: instant(w.last), CameBack: w.n}
	reasons := map[events.Reason]int{}
	for why, n := range w.causes {
		reasons[why.reason] += n
	}
	s.Cause, s.Caused = most(reasons)
	at := map[string]int{}
	for why, n := range w.causes {
		if why.reason == s.Cause {
			at[why.connector] += n
		}
	}
	s.Connector, _ = most(at)
	return append(list, s)
}

// most is the key of the greatest number, the first of those that are equal.
func most[K cmp.Ordered](counts map[K]int) (key K, n int) {
	for _, k := range slices.Sorted(maps.Keys(counts)) {
		if counts[k] > n {
			key, n = k, counts[k]
		}
	}
	return key, n
}
