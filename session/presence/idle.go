package presence

import (
	"container/list"
	"iter"
)

// Accounts whose last session has ended stay known for a while: one that comes
// back costs no reading of the roster, which is followed all the time.
const (
	maxIdle      = 8192     // accounts
	maxIdleBytes = 16 << 20 // of their rosters
)

// idle are accounts without sessions, those that have had none the longest in
// front. The hub's mu guards it.
type idle struct {
	accounts list.List // of *account
	bytes    int
}

// add is for an account that has neither users nor clients.
func (i *idle) add(a *account) {
	if a.idle == nil {
		a.idle = i.accounts.PushBack(a)
		i.bytes += a.size
	}
}

// remove is for one that has some again, or is to be forgotten.
func (i *idle) remove(a *account) {
	if a.idle != nil {
		i.accounts.Remove(a.idle)
		a.idle = nil
		i.bytes -= a.size
	}
}

// resize notes how large an account's roster is, idle or not.
func (i *idle) resize(a *account, size int) {
	if a.idle != nil {
		i.bytes += size - a.size
	}
	a.size = size
}

// excess removes accounts until the rest is within the limits.
func (i *idle) excess() iter.Seq[*account] {
	return func(yield func(*account) bool) {
		for i.accounts.Len() > maxIdle || i.bytes > maxIdleBytes {
			a := i.accounts.Front().Value.(*account)
			i.remove(a)
			if !yield(a) {
				return
			}
		}
	}
}
