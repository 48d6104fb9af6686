package verify

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"iter"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector"
	"github.com/rollcall-xmpp/rollcall/projector/keyframe"
	"github.com/rollcall-xmpp/rollcall/session"
)

// A part of the log is the records from one keyframe to the next.
type part struct {
	after events.Seq       // it begins behind this record
	to    events.Seq       // and ends with this one
	base  *events.Keyframe // after that record; nil for the log's beginning

	// Written by the worker that reads base, and read when loaded is closed.
	loaded chan struct{}
	begun  state // of the table that base holds
	err    error // why base can't be used

	// Written by the worker that folds the part, and read when done is closed.
	done   chan struct{}
	begins int64 // of its tables, as replay.Past's
	cut    bool  // retention removed records of it before they were read
	Tally
	links  map[uint64]link
	poison []events.Seq
	ended  state // of the table that it led to
}

// A state is what a table is compared by.
type state struct {
	sessions uint64 // sums up all that is kept of them but their roles
	roles    uint64 // sums these up
	leases   *session.Leases
}

// sums is what sessions are hashed with. Only this process compares the sums.
var sums = maphash.MakeSeed()

// stateOf sums up more than the table's own hash does, which has to be the same in builds
// that keep less of a session.
func stateOf(t *projector.Table) state {
	s := state{leases: t.Leases()}
	t.Snapshot(func(_ events.Position, accounts iter.Seq[*session.Account]) {
		var b []byte
		for a := range accounts {
			if len(a.Sessions()) == 0 {
				continue // another table may have forgotten it
			}
			b = binary.AppendUvarint(b[:0], uint64(a.Seq))
			for _, of := range a.Sessions() {
				r := of.Record()
				s.roles ^= maphash.String(sums, of.ID.String()+of.Role())
				if e, ok := r.Event.(events.Refreshed); ok {
					e.Role = ""
					r.Event = e
				}
				b = r.Append(b)
			}
			s.sessions ^= maphash.Bytes(sums, b)
		}
	})
	return s
}

// is compares two states of the same place. Leases that began before the log does are
// known to one of them only, unless both rest on the whole log, and roles are not known to
// one that rests on a keyframe of an older form.
func (s state) is(o state, whole, roles bool) bool {
	return s.sessions == o.sessions && (!roles || s.roles == o.roles) && (!whole || s.leases.Equal(o.leases))
}

// keepsRoles reports that a table which rests on that keyframe knows roles; nil: on none.
func keepsRoles(k *events.Keyframe) bool { return k == nil || k.Format == keyframe.Format }

func newPart(base *events.Keyframe, after events.Seq) *part {
	return &part{base: base, after: after, loaded: make(chan struct{}), done: make(chan struct{})}
}

// A Tally is what there was in a part, or in all.
type Tally struct {
	Records    uint64 // that can be decoded
	Poison     uint64 // that can't
	Unknown    uint64 // of a kind that this build does not know
	Missing    uint64 // that are not there, between others
	Mismatched uint64 // not appended on top of their account's last one
	Foreign    uint64 // of them, those by a writer that did not look: nothing is lost
	Faults     []Fault

	poisonFaults int // of them, how many are poison
}

const (
	// maxFaults bounds the faults that are kept to be shown; all are counted.
	maxFaults = 32
	// maxPoisonFaults bounds those of them that are records which can't be decoded,
	// for there may be many, and others are worse.
	maxPoisonFaults = 8
)

// A Fault is something wrong at one place of the log.
type Fault struct {
	After, To events.Seq // the part that it is in: the records behind After up to To
	Seq       events.Seq // the first record that shows it
	At        int64      // Unix nanoseconds at which the log stored that; 0: unknown
	Text      string     // what is wrong
	poison    bool       // it can't be decoded
}

func (t *Tally) fault(f Fault) {
	if len(t.Faults) < maxFaults {
		t.Faults = append(t.Faults, f)
	}
}

// add sums up; the other one is of a later part.
func (t *Tally) add(o *Tally) {
	t.Records += o.Records
	t.Poison += o.Poison
	t.Unknown += o.Unknown
	t.Missing += o.Missing
	t.Mismatched += o.Mismatched
	t.Foreign += o.Foreign
	for _, f := range o.Faults {
		if f.poison {
			if t.poisonFaults == maxPoisonFaults {
				continue
			}
			t.poisonFaults++
		}
		t.fault(f)
	}
}

// fold reads the part into the table, which is the one at its beginning.
func (v *verifier) fold(ctx context.Context, p *part, table *projector.Table) error {
	f := folding{verifier: v, part: p, next: p.after + 1, chain: chain{seed: v.chain.seed, begins: p.after}}
	p.links = make(map[uint64]link)
	for st, err := range v.Log.Read(ctx, events.Range{After: p.after, To: p.to}) {
		switch poison, passed := errors.AsType[*events.PoisonError](err); {
		case passed:
			if err := f.pass(ctx, poison); err != nil {
				return err
			}
			table.Skip(poison)
		case err != nil:
			return fmt.Errorf("read the log after %d: %w", p.after, err)
		default:
			if err := f.take(ctx, st); err != nil {
				return err
			}
			table.Fold(st)
		}
		v.Read(uint64(v.info.Last - v.parts[0].after))
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	p.poison = f.chain.poison
	if err := f.arrive(ctx, p.to+1); err != nil {
		return err
	}
	p.ended = stateOf(table)
	return nil
}

// A folding goes through one part.
type folding struct {
	*verifier
	part  *part
	chain chain      // of the part's own poison; its accounts are the part's links
	next  events.Seq // is expected
}

func (f *folding) pass(ctx context.Context, p *events.PoisonError) error {
	f.part.Poison++
	if f.part.Poison <= maxPoisonFaults {
		fault := f.faulty(p.Seq, p.At, p.Err.Error())
		fault.poison = true
		f.part.fault(fault)
	}
	f.chain.passPoison(p.Seq)
	return f.arrive(ctx, p.Seq)
}

func (f *folding) take(ctx context.Context, st *events.Stored) error {
	if err := f.arrive(ctx, st.Seq); err != nil {
		return err
	}
	f.part.Records++
	if _, unknown := st.Event.(events.Unknown); unknown {
		f.part.Unknown++
	}
	h := f.chain.hash(st.Account())
	l, known := f.part.links[h]
	if !known {
		f.part.links[h] = link{prev: st.Prev, first: st.Seq, at: st.At, last: st.Seq}
		return nil
	}
	verdict, err := f.weigh(ctx, f.chain.judge(st.Prev, l.last), st.At, st.Prev, l.last)
	if err != nil {
		return err
	}
	if verdict != onTop {
		f.part.mismatch(verdict, f.faulty(st.Seq, st.At, offTop(st, l.last)))
	}
	l.last = st.Seq
	f.part.links[h] = l
	return nil
}

// arrive finds out whether anything between the record before and this one is missing.
// Records that retention has removed since the check began are not missing.
func (f *folding) arrive(ctx context.Context, seq events.Seq) error {
	from := f.next
	f.next = seq + 1
	if seq <= from {
		return nil
	}
	if len(f.part.Faults) < maxFaults {
		info, err := f.Log.Info(ctx)
		if err != nil {
			return fmt.Errorf("ask where the log begins: %w", err)
		}
		if info.First > from {
			f.part.cut, from = true, info.First
		}
	}
	if from >= seq {
		return nil
	}
	f.part.Missing += uint64(seq - from)
	text := fmt.Sprintf("the records %d to %d are not there", from, seq-1)
	if from == seq-1 {
		text = fmt.Sprintf("record %d is not there", from)
	}
	f.part.fault(f.faulty(from, 0, text))
	return nil
}

func (f *folding) faulty(seq events.Seq, at int64, text string) Fault {
	return Fault{After: f.part.after, To: f.part.to, Seq: seq, At: at, Text: text}
}

func offTop(st *events.Stored, last events.Seq) string {
	return fmt.Sprintf("%s of %s was appended after %d, but %d came before it", st.Event.Kind(), st.Account(), st.Prev, last)
}

func (t *Tally) mismatch(v verdict, f Fault) {
	t.Mismatched++
	if v == foreign {
		t.Foreign++
	}
	t.fault(f)
}
