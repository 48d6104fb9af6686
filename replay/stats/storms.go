package stats

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// A Storm is accounts that came back together after they had lost their sessions.
type Storm struct {
	Began     time.Time     `json:"began"` // the first came back
	Ended     time.Time     `json:"ended"` // the last did
	CameBack  int           `json:"came_back"`
	Cause     events.Reason `json:"cause"`     // of most losses; "replaced" only if there is no other
	Connector string        `json:"connector"` // at which most of these were
	Caused    int           `json:"caused"`    // how many
}

type storms struct {
	nothing
	ids     identities
	lost    map[uint64]loss  // by account
	logins  map[uint64]comer // by account: its newest, if nothing was resumed since
	sweep   int              // at how many of both those that are long ago are looked for
	names   words
	recent  []window // in their order; somebody may still prove to have come back in them
	windows []window // those before them that may be stormy
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

// A comer is an account that has logged in.
type comer struct {
	session events.SessionID
	at      int64
	counted bool // it has come back
}

// A window is those that came back in one.
type window struct {
	no          int64 // since 1970
	first, last int64
	who         map[uint64]struct{} // nil when it is no longer recent
	n           int
	causes      map[cause]int
}

func newStorms() *storms {
	return &storms{ids: newIdentities(), lost: map[uint64]loss{}, logins: map[uint64]comer{}, sweep: 1024, names: words{}}
}

func (g *storms) take(c *change) {
	switch e := c.Event.(type) {
	case events.AccountRemoved:
		g.ids.remove(c.JID, c.Seq)
	case events.Authenticated:
		account := g.ids.of(c.JID.Bare())
		g.logins[account] = comer{c.Session, c.at, g.comeBack(account, c.at)}
	case events.Resumed:
		account := g.ids.of(c.JID.Bare())
		g.comeBack(account, c.at)
		delete(g.logins, account)
	case events.Detached:
		if c.detaches() {
			g.lose(c, c.Session, cause{e.Reason, c.old.Connector().Name})
		}
	}
	for _, s := range c.ended {
		g.lose(c, s.ID, cause{c.reason, s.Connector().Name})
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

// isLate reports a reason that the log may give after the account has come back: that the
// lease of a connector has ended, or that the session's place was taken.
func isLate(r events.Reason) bool {
	return r == events.ReasonConnectorLost || r == events.ReasonReplaced
}

func (g *storms) lose(c *change, session events.SessionID, why cause) {
	if !isLoss(why.reason) && !isLate(why.reason) {
		return
	}
	g.forget(c.at)
	account := g.ids.of(c.JID.Bare())
	why.reason, why.connector = events.Reason(strings.Clone(string(why.reason))), g.names.of(why.connector)
	by, known := g.logins[account]
	switch {
	case isLate(why.reason) && known && by.session != session && c.at-by.at <= int64(Unnoticed):
		if !by.counted {
			g.count(account, by.at, why)
			by.counted = true
			g.logins[account] = by
		}
	case isLoss(why.reason):
		g.lost[account] = loss{c.at, why}
	}
}

// forget drops what is too long ago: windows, and the losses and logins when there are many.
func (g *storms) forget(at int64) {
	for len(g.recent) > 0 && (g.recent[0].no+1)*int64(StormWindow) < at-int64(Unnoticed) {
		g.settle()
	}
	if len(g.lost)+len(g.logins) < g.sweep {
		return
	}
	maps.DeleteFunc(g.lost, func(_ uint64, l loss) bool { return at-l.at > int64(ComesBack) })
	maps.DeleteFunc(g.logins, func(_ uint64, by comer) bool { return at-by.at > int64(Unnoticed) })
	g.sweep = max(1024, 2*(len(g.lost)+len(g.logins)))
}

// comeBack counts an account that comes back after a loss, and reports whether it does.
func (g *storms) comeBack(account uint64, at int64) bool {
	g.forget(at)
	l, lost := g.lost[account]
	delete(g.lost, account)
	if !lost || at-l.at > int64(ComesBack) {
		return false
	}
	g.count(account, at, l.cause)
	return true
}

// count counts an account in its window, once.
func (g *storms) count(account uint64, at int64, why cause) {
	no := floor(at, int64(StormWindow)) / int64(StormWindow)
	i, there := slices.BinarySearchFunc(g.recent, no, func(w window, no int64) int { return cmp.Compare(w.no, no) })
	if !there {
		g.recent = slices.Insert(g.recent, i, window{no: no, first: at, last: at, who: map[uint64]struct{}{}, causes: map[cause]int{}})
	}
	w := &g.recent[i]
	if _, again := w.who[account]; again {
		return
	}
	w.who[account] = struct{}{}
	w.first, w.last, w.n = min(w.first, at), max(w.last, at), w.n+1
	w.causes[why]++
	g.total++
}

// settle takes the oldest of the recent windows.
func (g *storms) settle() {
	w := g.recent[0]
	g.recent = slices.Delete(g.recent, 0, 1)
	if w.n >= StormAccounts {
		w.who = nil
		g.windows = append(g.windows, w)
	}
}

func (g *storms) end(f *fold) {
	for len(g.recent) > 0 {
		g.settle()
	}
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
	if len(reasons) > 1 {
		delete(reasons, events.ReasonReplaced) // by whoever was back before the loss was known
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
