package projector

import (
	"fmt"
	"slices"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

const (
	// maxFaults bounds the faults that are kept to be shown; all are counted.
	maxFaults = 32
	// maxPoison bounds the newest poison whose place is kept, so that what was
	// appended on top of it is known to be. A record that follows older poison
	// counts as mismatched.
	maxPoison = 4096
)

// Stats says what was folded so far.
type Stats struct {
	Accounts   int     // that have sessions
	Sessions   int     // that are not closed
	Records    uint64  // folded, poison not counted
	Unknown    uint64  // of them, of kinds that this build does not know
	Poison     uint64  // records that can't be decoded
	Mismatched uint64  // records that were not appended on top of their account's last one
	Foreign    uint64  // of them, those that have newer ones below them: nothing is lost, but their writer did not look
	Faults     []Fault // the first 32
}

// A Fault is one of the first records that were poison or mismatched.
type Fault struct {
	Seq  events.Seq
	At   int64  // Unix nanoseconds at which the log stored it
	Text string // what is wrong with it
}

// A Connector is one incarnation and what it holds; with detached sessions,
// what it held last.
type Connector struct {
	events.Incarnation
	Sessions   int // all of them
	Available  int // available resources
	Detached   int // waiting to be resumed
	Bound      int // connected resources, detached ones among them
	Interested int // that get roster pushes
}

// stats count what the fold does. The table's mu guards it.
type stats struct {
	Stats
	retention time.Duration // after which the log forgets; 0: never
	holders   map[events.Incarnation]*Connector
	poisoned  []events.Seq // the places of the newest poison, in their order
}

func newStats() stats { return stats{holders: map[events.Incarnation]*Connector{}} }

// record counts a record. forgotten is what the table had forgotten before it.
func (y *stats) record(st *events.Stored, before, after *session.Account, forgotten events.Seq) {
	y.count(st, lastOf(before), forgotten)
	y.move(before, after)
}

// count is record for one that changes no account.
func (y *stats) count(st *events.Stored, before last, forgotten events.Seq) {
	y.Records++
	if _, ok := st.Event.(events.Unknown); ok {
		y.Unknown++
	}
	if !y.onTop(st, before, forgotten) {
		y.Mismatched++
		if st.Prev < before.seq {
			y.Foreign++
		}
		y.fault(st.Seq, st.At, fmt.Sprintf("%s of %s was appended after %d, but %d came before it",
			st.Event.Kind(), st.Account(), st.Prev, before.seq))
	}
}

// last is what is known of the last record of an account, or of connectors' leases.
type last struct {
	seq events.Seq // 0: nothing
	at  int64      // it was not stored before this, Unix nanoseconds
}

func lastOf(a *session.Account) (l last) {
	if a == nil {
		return l
	}
	l.seq = a.Seq
	for _, s := range a.Sessions() {
		l.at = max(l.at, s.Since, s.PresenceAt)
	}
	return l
}

// load counts an account that a keyframe brought.
func (y *stats) load(a *session.Account) {
	y.Accounts++
	for _, s := range a.Sessions() {
		y.hold(s, 1)
	}
}

// onTop checks that the log did what Append promises. An account of which
// retention has removed everything begins again at 0. Of one that the table doesn't
// know it is known only that its last record is not behind the records that were
// forgotten; whether it is the one that the record names, only a fold can tell that
// begins early enough, as verify's does for each part of the log. Poison names no
// account, so a record that says that it was appended on top of some is believed.
func (y *stats) onTop(st *events.Stored, before last, forgotten events.Seq) bool {
	switch {
	case before.seq > 0 && st.Prev == before.seq:
		return true
	case st.Prev > before.seq && y.isPoison(st.Prev):
		return true
	case before.seq == 0:
		return st.Prev <= forgotten
	default:
		return st.Prev == 0 && y.retention > 0 && st.At-before.at >= int64(y.retention)
	}
}

func (y *stats) isPoison(seq events.Seq) bool {
	_, found := slices.BinarySearch(y.poisoned, seq)
	return found
}

func (y *stats) poison(p *events.PoisonError) {
	y.Poison++
	if len(y.poisoned) >= maxPoison {
		y.poisoned = slices.Delete(y.poisoned, 0, maxPoison/2)
	}
	y.poisoned = append(y.poisoned, p.Seq)
	y.fault(p.Seq, p.At, p.Err.Error())
}

func (y *stats) fault(seq events.Seq, at int64, text string) {
	if len(y.Faults) < maxFaults {
		y.Faults = append(y.Faults, Fault{seq, at, text})
	}
}

// move counts the sessions that the record took away and those that it brought, and
// their account. One that changed is both.
func (y *stats) move(before, after *session.Account) {
	var gone []*session.Session
	if before != nil {
		gone = before.Sessions()
	}
	switch had, has := len(gone) > 0, len(after.Sessions()) > 0; {
	case has && !had:
		y.Accounts++
	case had && !has:
		y.Accounts--
	}
	for _, s := range gone {
		if !slices.Contains(after.Sessions(), s) {
			y.hold(s, -1)
		}
	}
	for _, s := range after.Sessions() {
		if !slices.Contains(gone, s) {
			y.hold(s, 1)
		}
	}
}

// hold adds n times the session to its holder.
func (y *stats) hold(s *session.Session, n int) {
	y.Sessions += n
	c := y.holders[s.Connector()]
	if c == nil {
		c = &Connector{Incarnation: s.Connector()}
		y.holders[s.Connector()] = c
	}
	c.Sessions += n
	if s.Bound() {
		c.Bound += n
	}
	if s.Interested() {
		c.Interested += n
	}
	if s.Available() {
		c.Available += n
	}
	if s.Detached() {
		c.Detached += n
	}
	if c.Sessions == 0 {
		delete(y.holders, s.Connector())
	}
}

// Stats returns the counts up to this moment.
func (t *Table) Stats() Stats {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.stats.Stats
	s.Faults = slices.Clone(s.Faults)
	return s
}

// Counts are how many sessions are not closed, and how many accounts have them.
func (t *Table) Counts() (sessions, accounts int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.stats.Sessions, t.stats.Accounts
}

// Sessions is how many sessions are not closed.
func (t *Table) Sessions() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.stats.Sessions
}

// Connectors lists the incarnations that hold sessions, by name and epoch, lost
// ones included.
func (t *Table) Connectors() []Connector {
	t.mu.Lock()
	list := make([]Connector, 0, len(t.stats.holders))
	for _, c := range t.stats.holders {
		list = append(list, *c)
	}
	t.mu.Unlock()
	slices.SortFunc(list, func(a, b Connector) int {
		return a.Compare(b.Incarnation)
	})
	return list
}
