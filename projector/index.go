package projector

import (
	"hash/maphash"
	"iter"
	"math/bits"
	"sync/atomic"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

const (
	// shards is the number of parts that grow on their own, so that no single
	// record waits for the whole index to be moved. A power of two.
	shards = 256
	// slots is how many accounts a line has room for.
	slots = 7
	// mostLoad and leastLoad bound how many accounts the lines of a shard have on
	// average, in quarters. With 5 of 7 one account in 20 is in another line than its
	// own.
	mostLoad, leastLoad = 4 * 5, 5
)

// An index finds accounts by bare JID. One goroutine writes, any number read
// without a lock: a reader sees an account before a change, or after it, or, if it is
// removed, none. It is a hash table whose buckets are lines of the processor's cache:
// to find an account takes one wait for memory for the line, and then the account's
// own. A sync.Map takes three times the memory, and to look up a JID in it allocates.
type index struct {
	seed   maphash.Seed
	shards [shards]shard
}

type shard struct {
	lines atomic.Pointer[[]line] // nil as long as it is empty
	used  int                    // accounts; the writer's
	// shared tells that another index has the same lines, so that they are not to be
	// changed; the writer's, too.
	shared bool
}

// A line has the accounts whose hashes lead to it, and, where those before it are
// full, some of theirs: whoever looks for an account goes from line to line as long as
// others were passed on.
//
// tags has a byte for each slot, 0 if that is empty, otherwise some bits of its
// account's hash, and in the highest byte how many accounts were passed on; 255 is as
// many as that, or more, for ever. A tag is written after its account and removed
// before it. So whoever follows a tag finds an account or nil, perhaps another one
// than the tag was for: the JID decides.
type line struct {
	tags     atomic.Uint64
	accounts [slots]atomic.Pointer[session.Account]
}

const (
	everyByte  = 0x0101010101010101
	highBits   = 0x80 * everyByte
	passedOn   = 1 << (8 * slots)
	mostPassed = 255
)

func newIndex() *index { return &index{seed: maphash.MakeSeed()} }

// hash has a use for each of its bits: the lowest byte finds the shard, the next is
// the tag, and the highest bits find the line.
func (x *index) hash(bare events.JID) uint64 { return maphash.String(x.seed, bare.String()) }

func tagOf(h uint64) uint64 { return max(h>>8&0xff, 1) }

// homeOf is the line, of so many, that a hash leads to.
func homeOf(h uint64, lines []line) int {
	i, _ := bits.Mul64(h, uint64(len(lines)))
	return int(i)
}

func next(i int, lines []line) int {
	if i++; i < len(lines) {
		return i
	}
	return 0
}

// matches has the highest bit of each slot's byte set whose tag is the one given. It
// may have others set, too, above such a one.
func matches(tags, tag uint64) uint64 {
	x := tags ^ tag*everyByte
	return (x - everyByte) &^ x & highBits &^ (0xff * passedOn)
}

// get returns the account of a bare JID, whose hash is h, or nil.
func (x *index) get(h uint64, bare events.JID) *session.Account {
	lines := x.shards[h%shards].lines.Load()
	if lines == nil {
		return nil
	}
	a, _, _ := find(*lines, h, bare)
	return a
}

// find returns the account, its line and its slot, or nil.
func find(lines []line, h uint64, bare events.JID) (a *session.Account, at, slot int) {
	at = homeOf(h, lines)
	for range lines {
		tags := lines[at].tags.Load()
		for m := matches(tags, tagOf(h)); m != 0; m &= m - 1 {
			slot = bits.TrailingZeros64(m) / 8
			if a = lines[at].accounts[slot].Load(); a != nil && a.Is(bare) {
				return a, at, slot
			}
		}
		if tags < passedOn {
			break
		}
		at = next(at, lines)
	}
	return nil, 0, 0
}

// put makes a the account of its JID, whose hash is h.
func (x *index) put(h uint64, a *session.Account) {
	sh := &x.shards[h%shards]
	lines := sh.own()
	if lines == nil {
		lines = x.resize(sh, 1)
	}
	if old, at, slot := find(*lines, h, a.JID()); old != nil {
		(*lines)[at].accounts[slot].Store(a)
		return
	}
	if 4*sh.used >= mostLoad*len(*lines) {
		lines = x.resize(sh, 1+len(*lines)*3/2)
	}
	insert(*lines, h, a)
	sh.used++
}

// insert adds an account that is not there. There is room.
func insert(lines []line, h uint64, a *session.Account) {
	for i := homeOf(h, lines); ; i = next(i, lines) {
		l := &lines[i]
		tags := l.tags.Load()
		if empty := matches(tags, 0); empty != 0 {
			slot := bits.TrailingZeros64(empty) / 8
			l.accounts[slot].Store(a)
			l.tags.Store(tags | tagOf(h)<<(8*slot))
			return
		}
		if tags/passedOn < mostPassed {
			l.tags.Store(tags + passedOn)
		}
	}
}

// remove takes out the account of a bare JID, whose hash is h.
func (x *index) remove(h uint64, bare events.JID) {
	sh := &x.shards[h%shards]
	lines := *sh.own()
	a, at, slot := find(lines, h, bare)
	if a == nil {
		return
	}
	l := &lines[at]
	l.tags.Store(l.tags.Load() &^ (0xff << (8 * slot)))
	l.accounts[slot].Store(nil)
	for i := homeOf(h, lines); i != at; i = next(i, lines) {
		if tags := lines[i].tags.Load(); tags/passedOn < mostPassed {
			lines[i].tags.Store(tags - passedOn)
		}
	}
	sh.used--
	if 4*sh.used < leastLoad*len(lines) && len(lines) > 1 {
		x.resize(sh, len(lines)/2)
	}
}

// resize moves the shard to so many lines. Readers that are still in the old ones
// find there what was true when they came.
func (x *index) resize(sh *shard, n int) *[]line {
	moved := make([]line, n)
	if old := sh.lines.Load(); old != nil {
		for a := range accountsIn(*old) {
			insert(moved, x.hash(a.JID()), a)
		}
	}
	sh.lines.Store(&moved)
	sh.shared = false
	return &moved
}

// all gives every account, in no order. One that changes meanwhile comes once,
// in one of its versions; one that is removed and comes back may come twice.
func (x *index) all() iter.Seq[*session.Account] {
	return func(yield func(*session.Account) bool) {
		for i := range x.shards {
			lines := x.shards[i].lines.Load()
			if lines == nil {
				continue
			}
			for a := range accountsIn(*lines) {
				if !yield(a) {
					return
				}
			}
		}
	}
}

func accountsIn(lines []line) iter.Seq[*session.Account] {
	return func(yield func(*session.Account) bool) {
		for i := range lines {
			for slot := range slots {
				if a := lines[i].accounts[slot].Load(); a != nil && !yield(a) {
					return
				}
			}
		}
	}
}
