package projector

import (
	"hash/maphash"
	"iter"
	"sync/atomic"

	"rollcall/events"
	"rollcall/session"
)

const (
	// shards is the number of parts that grow on their own, so that no single
	// record waits for the whole index to be moved. A power of two.
	shards = 256
	// firstSlots is the size of a shard's first array, a power of two.
	firstSlots = 8
)

// An index finds accounts by bare JID. One goroutine writes, any number read
// without a lock: an entry is replaced, never removed, and a reader sees either
// the old account or the new one. It is a hash table with open addressing,
// because it spends on an account a third of what sync.Map does, and because
// looking up a JID in a sync.Map allocates.
type index struct {
	seed   maphash.Seed
	shards [shards]shard
}

type shard struct {
	slots atomic.Pointer[[]slot] // a power of two, never more than 3/4 used
	used  int                    // the writer's
}

// A slot is empty as long as account is nil. hash is written before it and
// never changes after, so that whoever has seen an account may read it.
type slot struct {
	hash    uint64
	account atomic.Pointer[session.Account]
}

func newIndex() *index { return &index{seed: maphash.MakeSeed()} }

func (x *index) hash(bare events.JID) uint64 { return maphash.String(x.seed, bare.String()) }

// get returns the account of a bare JID, whose hash is h, or nil.
func (x *index) get(h uint64, bare events.JID) *session.Account {
	slots := x.shards[h%shards].slots.Load()
	if slots == nil {
		return nil
	}
	a, _ := find(*slots, h, bare)
	return a
}

// find returns the account and its slot, or nil and the slot where it belongs.
func find(slots []slot, h uint64, bare events.JID) (*session.Account, *slot) {
	mask := uint64(len(slots) - 1)
	for i := h / shards; ; i++ {
		s := &slots[i&mask]
		a := s.account.Load()
		if a == nil || s.hash == h && a.JID == bare {
			return a, s
		}
	}
}

// put makes a the account of its JID, whose hash is h.
func (x *index) put(h uint64, a *session.Account) {
	sh := &x.shards[h%shards]
	slots := sh.slots.Load()
	if slots == nil || 4*sh.used >= 3*len(*slots) {
		slots = sh.grow(slots)
	}
	old, s := find(*slots, h, a.JID)
	if old == nil {
		s.hash = h
		sh.used++
	}
	s.account.Store(a)
}

// grow moves the shard to an array of twice the size. Readers that are still
// in the old one find there what was true when they came.
func (sh *shard) grow(old *[]slot) *[]slot {
	if old == nil {
		first := make([]slot, firstSlots)
		sh.slots.Store(&first)
		return &first
	}
	grown := make([]slot, 2*len(*old))
	for i := range *old {
		s := &(*old)[i]
		if a := s.account.Load(); a != nil {
			_, to := find(grown, s.hash, a.JID)
			to.hash = s.hash
			to.account.Store(a)
		}
	}
	sh.slots.Store(&grown)
	return &grown
}

// all gives every account, in no order. One that changes meanwhile comes once,
// in one of its versions.
func (x *index) all() iter.Seq[*session.Account] {
	return func(yield func(*session.Account) bool) {
		for i := range x.shards {
			slots := x.shards[i].slots.Load()
			if slots == nil {
				continue
			}
			for j := range *slots {
				if a := (*slots)[j].account.Load(); a != nil && !yield(a) {
					return
				}
			}
		}
	}
}
