package replay

import (
	"cmp"
	"context"
	"iter"
	"math"
	"slices"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector"
	"github.com/rollcall-xmpp/rollcall/projector/keyframe"
	"github.com/rollcall-xmpp/rollcall/session"
)

// A Lifetime is a session from its beginning to its end, or to the end of the
// span that was asked for.
type Lifetime struct {
	*session.Session // as it was last
	End              // zero: it goes on
}

// An End is how a session ended.
type End struct {
	Ended  int64         // when the log stored it, Unix nanoseconds
	Reason events.Reason // why it ended
	Text   string        // said of its end, to the client too
	By     events.Actor  // who wanted it, if somebody did
}

// Duration is how long the session lasted, or has lasted by now if it goes on.
// The time in which it waited to be resumed (XEP-0198) counts.
func (l Lifetime) Duration(now time.Time) time.Duration {
	if l.Ended == 0 {
		return now.Sub(time.Unix(0, l.Since))
	}
	return time.Duration(l.Ended - l.Since)
}

// Sessions gives the sessions that there were in a span of time: those that
// ended in it, in the order of their ends, then those that had not ended by its
// end, in the order of their beginnings. A resource is known from the bind on,
// so a span of a full JID has no session that was never bound.
//
// It reads the keyframe before the span and the log from there on, or an account's own
// records, if the span is of one. A session that began before the span that is read is
// known, with its own beginning, from the keyframe or from the record that repeats it.
// Where the log has forgotten its beginning, and the span begins before the first
// keyframe that is left, those that ended before that keyframe are missing. The
// sessions that are open at one time are held in memory. An error is the last; records
// that can't be decoded are passed over.
func Sessions(ctx context.Context, archive Archive, s Span) iter.Seq2[Lifetime, error] {
	return func(yield func(Lifetime, error) bool) {
		open, after, err := archive.opening(ctx, s)
		if err != nil {
			yield(Lifetime{}, s.reading(err))
			return
		}
		for st, err := range events.Intact(events.Unbroken(ctx, archive, events.Range{Account: s.Of.Bare(), After: after, Until: s.Until})) {
			if err != nil {
				yield(Lifetime{}, s.reading(err))
				return
			}
			open.reach(st.Seq, s.Of.Bare())
			for _, l := range open.fold(st) {
				if s.means(l.JID()) && !st.StoredAt().Before(s.Since) && !yield(l, nil) {
					return
				}
			}
		}
		// A list that was cut short must not look like a whole one.
		if err := ctx.Err(); err != nil {
			yield(Lifetime{}, s.reading(err))
			return
		}
		open.reach(math.MaxInt64, s.Of.Bare())
		for _, l := range open.rest() {
			if s.means(l.JID()) && !yield(l, nil) {
				return
			}
		}
	}
}

// openSessions are the sessions that have not ended yet: the accounts that have
// any.
type openSessions struct {
	accounts map[events.JID]*session.Account
	later    *projector.Table // of a keyframe behind the beginning, until that is reached
}

// opening are the sessions that are open where the reading for a span begins, and the
// record after which that is.
func (a Archive) opening(ctx context.Context, s Span) (*openSessions, events.Seq, error) {
	open := &openSessions{accounts: map[events.JID]*session.Account{}}
	if a.Keyframes == nil {
		return open, 0, nil
	}
	info, err := a.Info(ctx)
	if err != nil || whole(info) && !s.Of.IsZero() {
		return open, 0, err
	}
	t := projector.NewTable()
	h, err := a.restore(ctx, t, info, func(k events.Keyframe) bool { return k.StoredAt().Before(s.Since) })
	if err != nil {
		return nil, 0, err
	}
	if h != nil {
		open.adopt(t, s.Of.Bare())
		return open, h.Seq, nil
	}
	if !whole(info) {
		open.later, _, err = a.earliest(ctx, info, s)
	}
	return open, 0, err
}

// earliest is the table of the first good keyframe within a span, with its head; nil if
// there is none.
func (a Archive) earliest(ctx context.Context, info events.Info, s Span) (*projector.Table, *keyframe.Head, error) {
	list, err := a.Keyframes.List(ctx)
	if err != nil {
		return nil, nil, err
	}
	for _, k := range list {
		if k.Seq+1 < info.First || !s.Until.IsZero() && !k.StoredAt().Before(s.Until) {
			continue
		}
		t := projector.NewTable()
		h, err := a.restore(ctx, t, info, func(o events.Keyframe) bool { return o == k })
		if err != nil || h != nil {
			return t, h, err
		}
	}
	return nil, nil, nil
}

// reach takes the later table's sessions before the record behind it is folded.
func (o *openSessions) reach(next events.Seq, of events.JID) {
	if o.later != nil && next > o.later.Position().Seq {
		o.adopt(o.later, of)
		o.later = nil
	}
}

// adopt takes the sessions of a table, of all accounts or of one: those that began
// before the span that was read, and those that are known already.
func (o *openSessions) adopt(t *projector.Table, of events.JID) {
	t.Snapshot(func(_ events.Position, accounts iter.Seq[*session.Account]) {
		for a := range accounts {
			if !of.IsZero() && a.JID() != of || len(a.Sessions()) == 0 {
				continue
			}
			o.accounts[a.JID()] = a
		}
	})
}

// fold takes one record and returns the sessions that ended in it. That may be
// one of the same full JID, in a log that is not whole: see session.Apply.
func (o *openSessions) fold(st *events.Stored) (ended []Lifetime) {
	account := st.Account()
	before := o.accounts[account]
	after := session.Apply(before, st)
	o.accounts[account] = after
	if len(after.Sessions()) == 0 {
		delete(o.accounts, account)
	}
	gone, end := Endings(before, after, st)
	for _, s := range gone {
		ended = append(ended, Lifetime{Session: s, End: end})
	}
	return ended
}

// Endings are the sessions that a record has ended, which made of one account the
// other: its own, or those that another one took the full JID from. before may be nil.
func Endings(before, after *session.Account, st *events.Stored) (gone []*session.Session, end End) {
	switch e := st.Event.(type) {
	case events.Closed:
		end = End{Ended: st.At, Reason: e.Reason, Text: e.Text, By: e.By}
	case events.Bound, events.Refreshed:
		end = End{Ended: st.At, Reason: events.ReasonReplaced}
	default:
		return nil, end
	}
	if before == nil {
		return nil, end
	}
	for _, s := range before.Sessions() {
		if after.Session(s.ID) == nil {
			gone = append(gone, s)
		}
	}
	return gone, end
}

// rest are those that go on.
func (o *openSessions) rest() (all []Lifetime) {
	for _, a := range o.accounts {
		for _, s := range a.Sessions() {
			all = append(all, Lifetime{Session: s})
		}
	}
	slices.SortFunc(all, func(a, b Lifetime) int {
		return cmp.Or(cmp.Compare(a.Since, b.Since), a.JID().Compare(b.JID()), slices.Compare(a.ID[:], b.ID[:]))
	})
	return all
}
