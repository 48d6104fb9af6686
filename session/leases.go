package session

import (
	"cmp"
	"slices"
	"strings"

	"github.com/rollcall-xmpp/rollcall/events"
)

// Leases is what the log says of connectors' leases: a fold of the records of
// events.Connectors, as an Account is of its own. It is immutable: ApplyLease
// returns another. A nil Leases is that of a log which says nothing of them, and
// all methods work on it.
//
// An incarnation of which the log never spoke neither holds a lease nor has ended.
type Leases struct {
	Seq   events.Seq           // of the newest record; the condition of the next append
	At    int64                // when that record was stored, Unix nanoseconds
	Held  []Lease              // of those that have begun and not ended, by name
	Ended []events.Incarnation // by name; with each, those before it of its name
}

// A Lease is one that an incarnation holds.
type Lease struct {
	events.Incarnation
	Since int64 // when the log stored that it began, Unix nanoseconds
}

// HasEnded reports that the incarnation's lease has ended: it, or a later one of its
// name, was stopped or lost, or a later one began.
func (l *Leases) HasEnded(i events.Incarnation) bool {
	return l != nil && slices.ContainsFunc(l.Ended, func(e events.Incarnation) bool {
		return e.Name == i.Name && i.Epoch <= e.Epoch
	})
}

// Holds reports that the incarnation has begun and not ended.
func (l *Leases) Holds(i events.Incarnation) bool {
	return l != nil && slices.ContainsFunc(l.Held, func(h Lease) bool { return h.Incarnation == i })
}

// Equal reports that both say the same.
func (l *Leases) Equal(o *Leases) bool {
	if l == nil || o == nil {
		return l == o
	}
	return l.Seq == o.Seq && l.At == o.At && slices.Equal(l.Held, o.Held) && slices.Equal(l.Ended, o.Ended)
}

// ApplyLease returns the leases after a record of events.Connectors. It is to them
// as Apply is to an account: pure, total and idempotent. Records of any other event
// only move the sequence.
func ApplyLease(l *Leases, st *events.Stored) *Leases {
	next := Leases{Seq: st.Seq, At: st.At}
	if l != nil {
		if st.Seq <= l.Seq {
			return l
		}
		next.Held, next.Ended = l.Held, l.Ended
	}
	switch e := st.Event.(type) {
	case events.ConnectorStarted:
		next.begin(st.Connector, st.At)
	case events.ConnectorStopped:
		next.end(st.Connector)
	case events.ConnectorLost:
		next.end(e.Lost)
	}
	return &next
}

func (l *Leases) begin(i events.Incarnation, at int64) {
	if l.HasEnded(i) || i.Epoch == 0 {
		return
	}
	l.end(events.Incarnation{Name: i.Name, Epoch: i.Epoch - 1})
	if n, held := l.heldBy(i.Name); !held {
		l.Held = slices.Insert(slices.Clip(l.Held), n, Lease{Incarnation: i, Since: at})
	}
}

// end ends the incarnation and all before it of its name.
func (l *Leases) end(i events.Incarnation) {
	if n, held := l.heldBy(i.Name); held && l.Held[n].Epoch <= i.Epoch {
		l.Held = slices.Concat(l.Held[:n], l.Held[n+1:])
	}
	if l.HasEnded(i) {
		return
	}
	n, ended := slices.BinarySearchFunc(l.Ended, i.Name, func(e events.Incarnation, name string) int {
		return strings.Compare(e.Name, name)
	})
	rest := l.Ended[n:]
	if ended {
		rest = rest[1:]
	}
	l.Ended = slices.Concat(l.Ended[:n], []events.Incarnation{i}, rest)
}

// heldBy finds the place of a name among those that hold a lease.
func (l *Leases) heldBy(name string) (int, bool) {
	return slices.BinarySearchFunc(l.Held, name, func(h Lease, name string) int { return cmp.Compare(h.Name, name) })
}

// Forget returns the leases without those that have ended and of which needed
// reports that nobody will ask: there may have been any number of them.
func (l *Leases) Forget(needed func(ended events.Incarnation) bool) *Leases {
	forgotten := func(e events.Incarnation) bool { return !needed(e) }
	if l == nil || !slices.ContainsFunc(l.Ended, forgotten) {
		return l
	}
	next := *l
	next.Ended = nil
	for _, e := range l.Ended {
		if needed(e) {
			next.Ended = append(next.Ended, e)
		}
	}
	return &next
}
