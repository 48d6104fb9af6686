package stats

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay/public"
	"github.com/rollcall-xmpp/rollcall/session"
)

func (n *naive) agents() map[string]Agent {
	rows, seen := map[string]Agent{}, map[[2]string]bool{}
	for _, p := range n.points {
		e, ok := p.Event.(events.Authenticated)
		if !ok {
			continue
		}
		name := public.Software(e.Agent)
		r := rows[name]
		r.Agent, r.Exact = name, true
		r.Logins++
		if pair := [2]string{name, n.somebody(p.Account(), p.Seq)}; !seen[pair] {
			seen[pair] = true
			r.Accounts++
		}
		rows[name] = r
	}
	return rows
}

func (n *naive) connectors() []Connector {
	rows := map[string]Connector{}
	change := func(name string, do func(*Connector)) {
		r := rows[name]
		r.Connector = name
		do(&r)
		rows[name] = r
	}
	count := func(all map[events.SessionID]*session.Session) {
		held := map[string]int{}
		for _, s := range all {
			held[s.Connector().Name]++
		}
		for name := range rows {
			change(name, func(r *Connector) { r.Sessions = 0 })
		}
		for name, sessions := range held {
			change(name, func(r *Connector) { r.Sessions, r.Most = sessions, max(r.Most, sessions) })
		}
	}
	count(n.start)
	running := maps.Clone(n.running)
	for _, p := range n.points {
		if runs(running, p.Stored) {
			change(p.Connector.Name, func(r *Connector) { r.Lost++ })
		}
		switch e := p.Event.(type) {
		case events.ConnectorStarted:
			change(p.Connector.Name, func(r *Connector) { r.Started++ })
		case events.ConnectorStopped:
			change(p.Connector.Name, func(r *Connector) { r.Stopped++ })
		case events.ConnectorLost:
			change(e.Lost.Name, func(r *Connector) { r.Lost++ })
		case events.Authenticated:
			change(p.Connector.Name, func(r *Connector) { r.Logins++ })
		case events.Resumed:
			if p.old != nil && p.old.Bound() {
				change(p.Connector.Name, func(r *Connector) { r.Resumed++ })
			}
		}
		for _, s := range p.ended {
			change(s.Connector().Name, func(r *Connector) { r.Ended++ })
		}
		count(p.online)
	}
	return slices.SortedFunc(maps.Values(rows), func(a, b Connector) int { return cmp.Compare(a.Connector, b.Connector) })
}

func (n *naive) fights() []Fight {
	ends := map[events.JID][]int64{}
	for _, p := range n.points {
		for _, s := range p.ended {
			if s.reason == events.ReasonReplaced && s.Bound() {
				ends[s.JID()] = append(ends[s.JID()], p.at)
			}
		}
	}
	list := []Fight{}
	for jid, at := range ends {
		for from := 0; from < len(at); {
			to := from + 1
			for to < len(at) && at[to]-at[to-1] <= int64(time.Minute) {
				to++
			}
			if to-from >= 3 {
				list = append(list, Fight{jid, time.Unix(0, at[from]).UTC(), time.Unix(0, at[to-1]).UTC(), to - from})
			}
			from = to
		}
	}
	slices.SortFunc(list, func(a, b Fight) int {
		return cmp.Or(-cmp.Compare(a.Replaced, b.Replaced), a.Began.Compare(b.Began), a.JID.Compare(b.JID))
	})
	return list
}

// A step of an account's way: it loses a session, or it comes.
type lossOrReturn struct {
	at      int64
	session events.SessionID
	back    events.Kind // authenticated or resumed; 0: it is a loss
	why     events.Reason
	where   string
}

// late reports a loss that may have become known after the return x.
func (l lossOrReturn) late(x lossOrReturn) bool {
	return l.back == 0 && x.back == events.KindAuthenticated && l.session != x.session && l.at-x.at <= int64(time.Minute) &&
		(l.why == events.ReasonConnectorLost || l.why == events.ReasonReplaced)
}

// ways are those of all accounts, each in its order.
func (n *naive) ways() map[string][]lossOrReturn {
	ways := map[string][]lossOrReturn{}
	for _, p := range n.points {
		who := n.somebody(p.Account(), p.Seq)
		add := func(x lossOrReturn) { ways[who] = append(ways[who], x) }
		switch e := p.Event.(type) {
		case events.Authenticated, events.Resumed:
			add(lossOrReturn{at: p.at, session: p.Session, back: e.Kind()})
		case events.Detached:
			if p.old != nil && p.old.Bound() && !p.old.Detached() {
				add(lossOrReturn{p.at, p.Session, 0, e.Reason, p.old.Connector().Name})
			}
		}
		for _, s := range p.ended {
			add(lossOrReturn{p.at, s.ID, 0, s.reason, s.Connector().Name})
		}
	}
	return ways
}

// cameBack is the loss after which, or before which, an account came back with the step i of
// its way; nil: it did not.
func cameBack(way []lossOrReturn, i int) *lossOrReturn {
	came := -1 // the return before
	for j := i - 1; j >= 0 && came < 0; j-- {
		if way[j].back != 0 {
			came = j
		}
	}
	for j := i - 1; j > came; j-- {
		l := way[j]
		if slices.Contains(losses, l.why) && !(came >= 0 && l.late(way[came])) {
			if way[i].at-l.at <= int64(5*time.Minute) {
				return &l
			}
			break
		}
	}
	for _, l := range way[i+1:] {
		if l.back != 0 {
			break
		}
		if l.late(way[i]) {
			return &l
		}
	}
	return nil
}

var losses = []events.Reason{
	events.ReasonConnectionLost, events.ReasonTimeout, events.ReasonError, events.ReasonConnectorLost, events.ReasonShutdown,
	events.ReasonOverload, events.ReasonUnavailable,
}

func (n *naive) storms() []Storm {
	type comeBack struct {
		at    int64
		why   events.Reason
		where string
	}
	const ten = int64(10 * time.Second)
	windows, all := map[int64][]comeBack{}, 0
	for _, way := range n.ways() {
		counted := map[int64]bool{}
		for i, x := range way {
			if x.back == 0 || counted[x.at/ten] {
				continue
			}
			if l := cameBack(way, i); l != nil {
				counted[x.at/ten] = true
				windows[x.at/ten] = append(windows[x.at/ten], comeBack{x.at, l.why, l.where})
				all++
			}
		}
	}
	touched := (n.until-1)/ten - n.since/ten + 1
	maps.DeleteFunc(windows, func(_ int64, list []comeBack) bool {
		return len(list) < 10 || float64(len(list)) < 5*float64(all)/float64(touched)
	})
	storms := []Storm{}
	var open []comeBack
	for _, no := range slices.Sorted(maps.Keys(windows)) {
		open = append(open, windows[no]...)
		if windows[no+1] != nil {
			continue
		}
		s := Storm{Began: time.Unix(1<<40, 0), CameBack: len(open)}
		whys, wheres := map[events.Reason]int{}, map[string]int{}
		for _, b := range open {
			whys[b.why]++
			if t := time.Unix(0, b.at).UTC(); t.Before(s.Began) {
				s.Began = t
			}
			if t := time.Unix(0, b.at).UTC(); t.After(s.Ended) {
				s.Ended = t
			}
		}
		if len(whys) > 1 {
			delete(whys, events.ReasonReplaced)
		}
		s.Cause, s.Caused = most(whys)
		for _, b := range open {
			if b.why == s.Cause {
				wheres[b.where]++
			}
		}
		s.Connector, _ = most(wheres)
		storms, open = append(storms, s), nil
	}
	return storms
}
