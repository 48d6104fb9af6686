package verify

import (
	"hash/maphash"
	"slices"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

const (
	// maxPoison bounds the newest poison whose place is kept, so that what was
	// appended on top of it is known to be, as in the table.
	maxPoison = 4096
	// skew is how far apart this machine's clock and the log's may be.
	skew = time.Minute
)

// A link is what a part of the log has of one account.
type link struct {
	prev  events.Seq // what its first record was appended on top of
	first events.Seq // where that record is
	at    int64      // when the log stored it
	last  events.Seq // where its last record is
}

// A chain is the places of the accounts' last records, by the hash of their names. It
// is one goroutine's.
type chain struct {
	seed   maphash.Seed
	begins events.Seq // what was there up to it is not known
	last   map[uint64]events.Seq
	poison []events.Seq // places, in their order
}

func newChain() *chain {
	return &chain{seed: maphash.MakeSeed(), last: make(map[uint64]events.Seq)}
}

// A verdict is what is wrong with a record's place in the chain.
type verdict uint8

const (
	onTop   verdict = iota
	lost            // something that it was appended on top of is not there
	foreign         // there is something newer below it, which its writer did not see
	renewed         // it says that its account has no history; by now that may be true
)

// judge compares what a record was appended on top of with the account's last one
// before it, which is 0 if none is known.
func (c *chain) judge(prev, last events.Seq) verdict {
	switch {
	case prev == last, last == 0 && prev <= c.begins, prev > last && c.isPoison(prev):
		return onTop
	case prev > last:
		return lost
	case prev == 0:
		return renewed
	}
	return foreign
}

func (c *chain) isPoison(seq events.Seq) bool {
	_, found := slices.BinarySearch(c.poison, seq)
	return found
}

func (c *chain) passPoison(places ...events.Seq) {
	c.poison = append(c.poison, places...)
	if n := len(c.poison); n > 2*maxPoison {
		c.poison = slices.Delete(c.poison, 0, n-maxPoison)
	}
}

// accounts is how many there are.
func (c *chain) accounts() int {
	n := len(c.last)
	for _, besides := range []events.JID{events.Connectors, events.Networks} {
		if _, there := c.last[c.hash(besides)]; there {
			n--
		}
	}
	return n
}

func (c *chain) hash(account events.JID) uint64 { return maphash.String(c.seed, account.String()) }
