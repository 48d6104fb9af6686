package stats

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay"
	"github.com/rollcall-xmpp/rollcall/replay/public"
	"github.com/rollcall-xmpp/rollcall/session"
)

// A naive reader keeps all that ever happened in lists, and computes each figure from them as
// the package defines it. It knows no keyframes.
type naive struct {
	since, until int64
	step         int64
	start        map[events.SessionID]*session.Session // that were online before the span
	running      map[string]uint64                     // epochs of the incarnations that had a lease then
	points       []point
	removals     map[events.JID][]events.Seq
}

// A point is a record of the span, with those online after it.
type point struct {
	*events.Stored
	at     int64
	online map[events.SessionID]*session.Session
	old    *session.Session
	ended  []ended
}

type ended struct {
	*session.Session
	reason events.Reason
}

func newNaive(w *world, a *Answer) *naive {
	n := &naive{since: a.Since.UnixNano(), until: a.Until.UnixNano(), step: int64(a.Step), removals: map[events.JID][]events.Seq{}}
	accounts := map[events.JID]*session.Account{}
	at := n.since
	begun, running := false, map[string]uint64{}
	for st, err := range w.Read(w.t.Context(), events.Range{}) {
		stored := int64(0)
		if poison, ok := errors.AsType[*events.PoisonError](err); ok {
			stored = poison.At
		} else {
			stored = st.At
		}
		if begun = begun || stored >= n.since; begun && n.start == nil {
			n.start, n.running = online2(accounts), maps.Clone(running)
		}
		if at = max(at, stored); at >= n.until {
			break
		}
		if err != nil {
			continue
		}
		p := point{Stored: st, at: at}
		before := accounts[st.Account()]
		p.old = before.Session(st.Session)
		accounts[st.Account()] = session.Apply(before, st)
		p.online = online2(accounts)
		for _, s := range before.Sessions() {
			if accounts[st.Account()].Session(s.ID) == nil {
				reason := events.ReasonReplaced
				if e, ok := st.Event.(events.Closed); ok {
					reason = e.Reason
				}
				p.ended = append(p.ended, ended{s, reason})
			}
		}
		runs(running, st)
		if begun {
			n.points = append(n.points, p)
		}
	}
	if n.start == nil {
		n.start, n.running = online2(accounts), running
	}
	return n
}

// runs notes which incarnations have a lease, and reports one that was lost without a record
// that says so.
func runs(running map[string]uint64, st *events.Stored) (lost bool) {
	name, epoch := st.Connector.Name, st.Connector.Epoch
	switch e := st.Event.(type) {
	case events.ConnectorStarted:
		lost = running[name] != 0 && running[name] < epoch
		running[name] = max(running[name], epoch)
	case events.ConnectorStopped:
		if running[name] <= epoch {
			delete(running, name)
		}
	case events.ConnectorLost:
		if running[e.Lost.Name] <= e.Lost.Epoch {
			delete(running, e.Lost.Name)
		}
	}
	return lost
}

func online2(accounts map[events.JID]*session.Account) map[events.SessionID]*session.Session {
	all := map[events.SessionID]*session.Session{}
	for _, a := range accounts {
		for _, s := range a.Sessions() {
			if s.Bound() {
				all[s.ID] = s
			}
		}
	}
	return all
}

func accountsOf(all map[events.SessionID]*session.Session) map[events.JID]bool {
	of := map[events.JID]bool{}
	for _, s := range all {
		of[s.JID().Bare()] = true
	}
	return of
}

// steps are the beginnings of all.
func (n *naive) steps() (list []int64) {
	for t := n.since; t < n.until; t = (t/n.step + 1) * n.step {
		list = append(list, t)
	}
	return list
}

// stepOf is the beginning of the one that an instant is in.
func (n *naive) stepOf(at int64) time.Time {
	return time.Unix(0, max(n.since, at/n.step*n.step)).UTC()
}

// before are those online before an instant, and within those after each record from then
// up to another one.
func (n *naive) before(at int64) map[events.SessionID]*session.Session {
	all := n.start
	for _, p := range n.points {
		if p.at < at {
			all = p.online
		}
	}
	return all
}

func (n *naive) concurrency() (rows []Concurrency) {
	for _, t := range n.steps() {
		all := n.before(t)
		row := Concurrency{time.Unix(0, t).UTC(), len(all), len(accountsOf(all)), len(all), len(accountsOf(all))}
		for _, p := range n.points {
			if p.at >= t && p.at < (t/n.step+1)*n.step {
				row.MostSessions = max(row.MostSessions, len(p.online))
				row.MostAccounts = max(row.MostAccounts, len(accountsOf(p.online)))
			}
		}
		rows = append(rows, row)
	}
	return rows
}

func (n *naive) logins(failed []*events.Stored) []Logins {
	rows := map[string]*Logins{}
	row := func(at int64, mechanism string) *Logins {
		key := fmt.Sprint(n.stepOf(at), mechanism)
		if rows[key] == nil {
			rows[key] = &Logins{At: n.stepOf(at), Mechanism: mechanism}
		}
		return rows[key]
	}
	for _, p := range n.points {
		if e, ok := p.Event.(events.Authenticated); ok {
			row(p.at, e.Mechanism).Succeeded++
		}
	}
	for _, st := range failed {
		if st.At >= n.since && st.At < n.until {
			row(st.At, st.Event.(events.AuthFailed).Mechanism).Failed++
		}
	}
	list := []Logins{}
	for _, r := range rows {
		list = append(list, *r)
	}
	slices.SortFunc(list, func(a, b Logins) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Mechanism, b.Mechanism)) })
	return list
}

func (n *naive) ends() []Ends {
	rows := map[Ends]int{}
	for _, p := range n.points {
		for _, s := range p.ended {
			rows[Ends{At: n.stepOf(p.at), Reason: s.reason}]++
		}
	}
	list := []Ends{}
	for row, sessions := range rows {
		row.Sessions = sessions
		list = append(list, row)
	}
	slices.SortFunc(list, func(a, b Ends) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Reason, b.Reason)) })
	return list
}

// clientOf is the client of a session that logged in within the span.
func (n *naive) clientOf(id events.SessionID) string {
	for _, p := range n.points {
		if e, ok := p.Event.(events.Authenticated); ok && p.Session == id && p.old == nil {
			return public.Software(e.Agent)
		}
	}
	return ""
}

// durations are the milliseconds of all sessions that a row is of.
func (n *naive) durations() map[byWord][]int64 {
	all := map[byWord][]int64{}
	for _, p := range n.points {
		for _, s := range p.ended {
			ms := max(0, replay.Lifetime{Session: s.Session, End: replay.End{Ended: p.At}}.Duration(time.Time{}).Milliseconds())
			of := []byWord{{ByReason, string(s.reason)}}
			if s.reason != events.ReasonResumed {
				of = append(of, byWord{ByAll, ""}, byWord{ByClient, n.clientOf(s.ID)})
			}
			for _, key := range of {
				all[key] = append(all[key], ms)
			}
		}
	}
	for _, list := range all {
		slices.Sort(list)
	}
	return all
}

// quantile is that of a list in order.
func quantile(sorted []int64, q float64) int64 {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[int(math.Ceil(q*float64(len(sorted))))-1]
}

// somebody names an account's incarnation at a record.
func (n *naive) somebody(account events.JID, seq events.Seq) string {
	removed := events.Seq(0)
	for _, p := range n.points {
		if _, ok := p.Event.(events.AccountRemoved); ok && p.JID == account && p.Seq <= seq {
			removed = p.Seq
		}
	}
	return fmt.Sprint(account, removed)
}

func (n *naive) users() (list []Users) {
	for t := n.since; ; {
		for p := range periods {
			begins, ends := period(p, t)
			row := Users{Period: periodNames[p], Begins: begins, Ends: ends, Exact: true,
				Whole: begins.UnixNano() >= n.since && ends.UnixNano() <= n.until}
			if slices.ContainsFunc(list, func(o Users) bool { return o.Period == row.Period && o.Begins.Equal(begins) }) {
				continue
			}
			seen := map[string]bool{}
			from, to := max(begins.UnixNano(), n.since), min(ends.UnixNano(), n.until)
			last := events.Seq(0)
			for _, p := range n.points {
				if p.at < from {
					last = p.Seq
				}
			}
			for account := range accountsOf(n.before(from)) {
				seen[n.somebody(account, last)] = true
			}
			for _, p := range n.points {
				if p.at >= from && p.at < to && accountsOf(p.online)[p.Account()] {
					seen[n.somebody(p.Account(), p.Seq)] = true
				}
			}
			row.Accounts = len(seen)
			list = append(list, row)
		}
		_, ends := period(day, t)
		if t = ends.UnixNano(); t >= n.until {
			return list
		}
	}
}

func (n *naive) resumes() map[byWord]*Resumes {
	rows, ages := map[byWord]*Resumes{}, map[byWord][]int64{}
	detached := map[events.SessionID]int64{}
	each := func(id events.SessionID, do func(byWord, *Resumes)) {
		for _, of := range []byWord{{ByAll, ""}, {ByClient, n.clientOf(id)}} {
			if rows[of] == nil {
				rows[of] = &Resumes{By: of.by, Of: of.of}
			}
			do(of, rows[of])
		}
	}
	for _, p := range n.points {
		for _, s := range p.ended {
			if _, ok := detached[s.ID]; ok {
				each(s.ID, func(_ byWord, r *Resumes) { r.Ended++ })
				delete(detached, s.ID)
			}
		}
		if p.old == nil || !p.old.Bound() {
			continue
		}
		switch p.Event.(type) {
		case events.Detached:
			if !p.old.Detached() {
				each(p.Session, func(_ byWord, r *Resumes) { r.Detached++ })
				detached[p.Session] = p.at
			}
		case events.Resumed:
			at, ok := detached[p.Session]
			each(p.Session, func(of byWord, r *Resumes) {
				switch {
				case ok:
					r.Resumed++
					ages[of] = append(ages[of], (p.at-at)/1e6)
					if p.old.Connector().Name != p.Connector.Name {
						r.Elsewhere++
					}
				case !p.old.Detached():
					r.Unnoticed++
				}
			})
			delete(detached, p.Session)
		}
	}
	maps.DeleteFunc(rows, func(_ byWord, r *Resumes) bool { return r.Detached+r.Unnoticed == 0 })
	for of, r := range rows {
		r.Open = r.Detached - r.Resumed - r.Ended
		if over := r.Resumed + r.Ended; over > 0 {
			share := float64(r.Resumed) / float64(over)
			r.Success = &share
		}
		slices.Sort(ages[of])
		r.P50, r.P90, r.P99 = quantile(ages[of], .5), quantile(ages[of], .9), quantile(ages[of], .99)
	}
	return rows
}
