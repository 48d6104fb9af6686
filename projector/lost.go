package projector

import (
	"iter"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// A lostList is the connectors whose leases have ended: by name, the highest
// epoch that has. It is as long as there ever were names. It is told by whoever
// watches the leases, sooner than the log has it (leases.go), and it is not part of
// the hash.
type lostList struct {
	mu     sync.Mutex // for writers
	epochs atomic.Pointer[map[string]uint64]
}

func (l *lostList) add(i events.Incarnation) {
	l.mu.Lock()
	defer l.mu.Unlock()
	next := map[string]uint64{}
	if old := l.epochs.Load(); old != nil {
		next = maps.Clone(*old)
	}
	next[i.Name] = max(next[i.Name], i.Epoch)
	l.epochs.Store(&next)
}

func (l *lostList) has(i events.Incarnation) bool {
	epochs := l.epochs.Load()
	if epochs == nil {
		return false
	}
	epoch, ok := (*epochs)[i.Name]
	return ok && i.Epoch <= epoch
}

// Lost says that the leases of all incarnations of that name up to that epoch
// have ended: nothing is routed to the sessions that they hold, from now on
// and before anybody has closed them in the log. It can't be taken back; a
// connector that comes back is another incarnation.
func (t *Table) Lost(i events.Incarnation) { t.lost.add(i) }

// IsLost reports what Lost was told, or what the log says.
func (t *Table) IsLost(i events.Incarnation) bool { return t.lost.has(i) || t.Leases().HasEnded(i) }

// Holding lists the incarnations that hold sessions, lost ones included, and those
// that hold a lease as far as the log says, by name and epoch.
func (t *Table) Holding() []events.Incarnation {
	var list []events.Incarnation
	for _, c := range t.Connectors() {
		list = append(list, c.Incarnation)
	}
	if l := t.Leases(); l != nil {
		for _, h := range l.Held {
			list = append(list, h.Incarnation)
		}
	}
	slices.SortFunc(list, events.Incarnation.Compare)
	return slices.Compact(list)
}

// unreachable reports a session whose connector is gone. One that waits to be
// resumed is no exception: what it was sent waits in its connector's memory.
func (t *Table) unreachable(s *session.Session) bool { return t.someLost() && t.IsLost(s.Connector()) }

// someLost reports that any connector is gone. While none is, nobody need look at
// sessions, which wait for memory.
func (t *Table) someLost() bool {
	l := t.Leases()
	return t.lost.epochs.Load() != nil || l != nil && len(l.Ended) > 0
}

// withoutLost returns the sessions that can be reached: mostly the same slice.
func (t *Table) withoutLost(list []*session.Session) []*session.Session {
	if !t.someLost() || !slices.ContainsFunc(list, t.unreachable) {
		return list
	}
	return slices.DeleteFunc(slices.Clone(list), t.unreachable)
}

// HeldBy gives the accounts that have sessions held by incarnations of that
// name up to that epoch, or kept by them to be resumed. It looks at every account (about 0.1 s for a million) and misses none whose session
// was in the table when it began.
func (t *Table) HeldBy(lost events.Incarnation) iter.Seq[*session.Account] {
	held := func(s *session.Session) bool {
		return s.Connector().Name == lost.Name && s.Connector().Epoch <= lost.Epoch
	}
	return func(yield func(*session.Account) bool) {
		for a := range t.accounts.all() {
			if slices.ContainsFunc(a.Sessions(), held) && !yield(a) {
				return
			}
		}
	}
}
