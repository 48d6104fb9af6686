package projector

import (
	"iter"
	"slices"
	"sync"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// A snapshot is the table as it was at one sequence while the fold goes on: the
// accounts as they are, but for those that have changed since, whose last
// version before is saved here by the fold.
type snapshot struct {
	at    events.Seq
	mu    sync.Mutex
	saved map[events.JID]*session.Account // guarded by mu; at most one an account
}

// save keeps the version of an account that is about to be replaced.
func (v *snapshot) save(before *session.Account) {
	if before == nil || before.Seq > v.at {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.saved[before.JID()] = before
}

// then returns the version at the snapshot's sequence, nil if there was none.
func (v *snapshot) then(a *session.Account) *session.Account {
	if a.Seq <= v.at {
		return a
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.saved[a.JID()]
}

// Snapshot calls read with all accounts that had sessions at one sequence, exactly as
// they were then, in no order. The fold goes on meanwhile, and what it
// replaces is kept until read returns, so read should not wait for a slow peer.
// The accounts may be kept; the sequence of them ends with read.
func (t *Table) Snapshot(read func(at events.Position, accounts iter.Seq[*session.Account])) {
	v := t.hold()
	defer t.release(v)
	read(events.Position{Stream: t.Position().Stream, Seq: v.at}, t.then(v))
}

// hold begins a snapshot at the record that was folded last.
func (t *Table) hold() *snapshot {
	v := &snapshot{saved: map[events.JID]*session.Account{}}
	t.mu.Lock()
	defer t.mu.Unlock()
	v.at = t.folded
	t.snapshots = append(t.snapshots, v)
	return v
}

// release gives a snapshot up. It may be called again.
func (t *Table) release(v *snapshot) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.snapshots = slices.DeleteFunc(t.snapshots, func(o *snapshot) bool { return o == v })
}

// then gives the accounts of a snapshot.
func (t *Table) then(v *snapshot) iter.Seq[*session.Account] {
	return func(yield func(*session.Account) bool) {
		for a := range t.accounts.all() {
			if a = v.then(a); a != nil && len(a.Sessions()) > 0 && !yield(a) {
				return
			}
		}
	}
}
