package replay

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector/keyframe"
	"github.com/rollcall-xmpp/rollcall/session"
)

// ErrBackwards: the first of two moments is after the second.
var ErrBackwards = errors.New("the first moment is after the second")

// Diff gives what is different between the sessions of two moments, of everybody
// or, if of is not zero, of an account or a full JID: those that are new, those
// that are gone, and those that have changed; by account, in the order of the
// accounts' names, and within one those that are gone before the others.
// Sessions that began and ended between the moments are in neither, and so not in
// the difference: Sessions has them.
//
// It reads the table of the first moment and the records from there to the second, or,
// if these are many, the table of the second, too. Then it does not know how sessions
// have ended; see Change.FindEnd. Either way it holds in memory the sessions of one
// moment or of two, and not what happened in between.
//
// It fails as At does for each moment, and with ErrBackwards. An error is the last.
func Diff(ctx context.Context, archive Archive, of events.JID, from, to Moment) iter.Seq2[Change, error] {
	return func(yield func(Change, error) bool) {
		d, err := diff(ctx, archive, of, from, to)
		if err != nil {
			yield(Change{}, fmt.Errorf("compare two moments: %w", err))
			return
		}
		for c := range d.changes(of) {
			if !yield(c, nil) {
				return
			}
		}
	}
}

// changes gives what differs, in order.
func (d *passage) changes(of events.JID) iter.Seq[Change] {
	return func(yield func(Change) bool) {
		for _, account := range slices.SortedFunc(maps.Keys(d.was), events.JID.Compare) {
			for _, c := range changes(d.was[account], d.is[account], d.leases) {
				if c.After == nil {
					c.End = d.ends[c.Before.ID]
				}
				if (Span{Of: of}).means(c.Session().JID()) && !yield(c) {
					return
				}
			}
		}
	}
}

// A passage is what the records between two moments have made of the accounts
// that they are of.
type passage struct {
	was  map[events.JID]*session.Account // at the first moment; nil: no history
	is   map[events.JID]*session.Account // after the newest record
	ends map[events.SessionID]End        // of the sessions that there were at the first

	leases leasesOfTwo
}

func diff(ctx context.Context, archive Archive, of events.JID, from, to Moment) (*passage, error) {
	d := &passage{
		was: map[events.JID]*session.Account{}, is: map[events.JID]*session.Account{}, ends: map[events.SessionID]End{},
	}
	if err := inOrder(ctx, archive, from, to); err != nil {
		return nil, err
	}
	info, err := look(ctx, archive, to)
	if err != nil {
		return nil, err
	}
	if !of.IsZero() {
		a, err := AccountAt(ctx, archive, of, from)
		if err != nil {
			return nil, err
		}
		if d.leases, err = leasesAtTwo(ctx, archive, from, to); err != nil {
			return nil, err
		}
		r := from.after(to.until(events.Range{Account: of.Bare()}, info), info)
		err = d.read(ctx, archive, r, func(st *events.Stored) (before, after *session.Account) {
			before, a = a, session.Apply(a, st)
			return before, a
		})
		d.noteLost(slices.Values([]*session.Account{a}))
		return d, err
	}
	past, err := At(ctx, archive, from)
	if err != nil {
		return nil, err
	}
	d.leases.then = past.Leases()
	r := to.until(events.Range{After: past.Position().Seq}, info)
	switch far, err := archive.far(ctx, r, info); {
	case err != nil:
		return nil, err
	case far:
		return d, d.compare(ctx, archive, past, to)
	}
	err = d.read(ctx, archive, r, past.Fold)
	d.leases.now = past.Leases()
	for _, lost := range d.leases.newlyEnded() {
		d.noteLost(past.HeldBy(lost))
	}
	return d, err
}

// few is how many records are read rather than another keyframe.
const few = keyframe.Interval

// far reports a range of so many records that reading a table is less than reading
// them.
func (a Archive) far(ctx context.Context, r events.Range, info events.Info) (bool, error) {
	if a.Keyframes == nil {
		return false, nil
	}
	list, err := a.Keyframes.List(ctx)
	return slices.ContainsFunc(list, func(k events.Keyframe) bool {
		return k.Created == info.Created.UnixNano() && k.Seq >= r.After+few && within(k, r)
	}), err
}

// compare takes what differs between a table and that of a later moment.
func (d *passage) compare(ctx context.Context, archive Archive, first *Past, to Moment) error {
	second, err := At(ctx, archive, to)
	if err != nil {
		return err
	}
	d.leases.now = second.Leases()
	look := func(jid events.JID) {
		before, after := first.Account(jid), second.Account(jid)
		if len(changes(before, after, d.leases)) > 0 {
			d.was[jid], d.is[jid] = before, after
		}
	}
	for _, p := range [...]*Past{first, second} {
		p.Snapshot(func(_ events.Position, accounts iter.Seq[*session.Account]) {
			for a := range accounts {
				look(a.JID())
			}
		})
	}
	return nil
}

// inOrder checks that the first moment is not after the second.
func inOrder(ctx context.Context, log events.Log, from, to Moment) error {
	switch {
	case to == Moment{} || from == to:
		return nil
	case from == Moment{}, from.Seq != 0 && to.Seq != 0 && from.Seq > to.Seq, !to.Time.IsZero() && from.Time.After(to.Time):
		return fmt.Errorf("%w: exchange them", ErrBackwards)
	case from.Seq == 0 && to.Seq == 0, from.Seq != 0 && to.Seq != 0:
		return nil
	}
	at, other, first := from.Seq, to.Time, true // a place and an instant
	if at == 0 {
		at, other, first = to.Seq, from.Time, false
	}
	for st, err := range log.Read(ctx, events.Range{After: at - 1, To: at}) {
		stored, err := storedAt(st, err)
		if err != nil {
			return err
		}
		if early := stored <= other.UnixNano(); early != first {
			return fmt.Errorf("%w: exchange them", ErrBackwards)
		}
	}
	return nil
}

// read takes the records of a range; fold says what each makes of its account.
func (d *passage) read(ctx context.Context, log events.Log, r events.Range, fold func(*events.Stored) (before, after *session.Account)) error {
	of := Span{Of: r.Account}
	for st, err := range events.Intact(events.Unbroken(ctx, log, r)) {
		if err != nil {
			return of.reading(err)
		}
		if before, after := fold(st); before != after {
			d.note(before, after, st)
		}
	}
	if err := ctx.Err(); err != nil {
		return of.reading(err)
	}
	return nil
}

func (d *passage) note(before, after *session.Account, st *events.Stored) {
	if _, known := d.was[after.JID()]; !known {
		d.was[after.JID()] = before
	}
	d.is[after.JID()] = after
	gone, end := Endings(before, after, st)
	for _, s := range gone {
		if d.was[after.JID()].Session(s.ID) != nil {
			d.ends[s.ID] = end
		}
	}
}
