package bans

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// A Table is what a connector knows of bans. The zero Table bans nobody, nor does a nil one. It is for any
// goroutine.
type Table struct {
	index atomic.Pointer[index] // never changed once it is here; nil: there are none
}

// An index finds the bans of an address.
type index struct {
	lengths4, lengths6 []int // of the prefixes that there are, the longest first
	bans               map[netip.Prefix]Ban
}

func (t *Table) now() *index {
	if t == nil {
		return nil
	}
	return t.index.Load()
}

// Of finds the narrowest ban of an address that has not ended.
func (t *Table) Of(ip netip.Addr) (Ban, bool) {
	x := t.now()
	if x == nil {
		return Ban{}, false
	}
	ip = ip.Unmap().WithZone("")
	lengths := x.lengths6
	if ip.Is4() {
		lengths = x.lengths4
	}
	for _, bits := range lengths {
		p, err := ip.Prefix(bits)
		if err != nil {
			return Ban{}, false // no address at all
		}
		if b, ok := x.bans[p]; ok && !b.Ended(time.Now()) {
			return b, true
		}
	}
	return Ban{}, false
}

// Len is how many bans there are that have not ended.
func (t *Table) Len() (n int) {
	x := t.now()
	if x == nil {
		return 0
	}
	now := time.Now()
	for _, b := range x.bans {
		if !b.Ended(now) {
			n++
		}
	}
	return n
}

// Read reads the bans as they are now, for a connector that is to know them before it
// accepts anybody. It fails as docs do.
func (t *Table) Read(ctx context.Context, docs events.Documents) error {
	all, err := List(ctx, docs)
	if err == nil {
		t.index.Store(newIndex(all))
	}
	return err
}

// Follow keeps the table told of the bans until ctx ends, whose error it returns, or with
// one of the documents. changed is told after each change, when the table has it.
func (t *Table) Follow(ctx context.Context, docs events.Bucket, changed func()) error {
	return events.Follow(ctx, docs, events.Follower{
		Begin: func(uint64) uint64 { return 0 },
		Changed: func(doc events.Document) {
			if doc.JID != key {
				return
			}
			// One that can't be read is a newer build's: what was known holds.
			if all, err := decode(doc.Data); err == nil {
				t.index.Store(newIndex(all))
				changed()
			}
		},
	})
}

func newIndex(all []Ban) *index {
	x := &index{bans: make(map[netip.Prefix]Ban, len(all))}
	for _, b := range all {
		x.bans[b.Network] = b
		lengths := &x.lengths6
		if b.Network.Addr().Is4() {
			lengths = &x.lengths4
		}
		if !slices.Contains(*lengths, b.Network.Bits()) {
			*lengths = append(*lengths, b.Network.Bits())
		}
	}
	descending := func(a, b int) int { return cmp.Compare(b, a) }
	slices.SortFunc(x.lengths4, descending)
	slices.SortFunc(x.lengths6, descending)
	return x
}
