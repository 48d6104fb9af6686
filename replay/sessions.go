package replay

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"time"

	"rollcall/events"
	"rollcall/session"
)

// A Lifetime is a session from its beginning to its end, or to the end of what
// was asked for.
type Lifetime struct {
	*session.Session        // as it was last
	End                     // zero: it goes on
	Address          string // the client's, of its newest connection; "" if unknown
}

// An End is how a session ended.
type End struct {
	Ended  int64         // when the log stored it, Unix nanoseconds
	Reason events.Reason // why it ended
	Text   string        // said of its end, to the client too
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
// It reads the history from its beginning, for sessions may have begun long
// before the span, an account's own if the span is of one. One that began before
// the log does is known, with its own beginning, from the record that repeats it;
// its address is not. The sessions that are open at one time are held in memory.
// An error is the last; records that can't be decoded are passed over.
func Sessions(ctx context.Context, log events.Log, s Span) iter.Seq2[Lifetime, error] {
	return func(yield func(Lifetime, error) bool) {
		open := openSessions{accounts: map[events.JID]*session.Account{}, addresses: map[events.SessionID]string{}}
		for st, err := range events.Intact(log.Read(ctx, events.Range{Account: s.Of.Bare(), Until: s.Until})) {
			if err != nil {
				yield(Lifetime{}, s.reading(err))
				return
			}
			for _, l := range open.fold(st) {
				if s.means(l.JID) && !st.StoredAt().Before(s.Since) && !yield(l, nil) {
					return
				}
			}
		}
		// A list that was cut short must not look like a whole one.
		if err := ctx.Err(); err != nil {
			yield(Lifetime{}, s.reading(err))
			return
		}
		for _, l := range open.rest() {
			if s.means(l.JID) && !yield(l, nil) {
				return
			}
		}
	}
}

// openSessions are the sessions that have not ended yet: the accounts that have
// any, and the address of each.
type openSessions struct {
	accounts  map[events.JID]*session.Account
	addresses map[events.SessionID]string
}

// fold takes one record and returns the sessions that ended in it. That may be
// one of the same full JID, in a log that is not whole: see session.Apply.
func (o *openSessions) fold(st *events.Stored) (ended []Lifetime) {
	account := st.Account()
	before := o.accounts[account]
	after := session.Apply(before, st)
	o.accounts[account] = after
	if len(after.Sessions) == 0 {
		delete(o.accounts, account)
	}
	switch e := st.Event.(type) {
	case events.Authenticated:
		o.addresses[st.Session] = e.Address
	case events.Resumed:
		o.addresses[st.Session] = e.Address
	}
	gone, end := endings(before, after, st)
	for _, s := range gone {
		ended = append(ended, Lifetime{Session: s, End: end, Address: o.addresses[s.ID]})
		delete(o.addresses, s.ID)
	}
	return ended
}

// endings are the sessions that a record has ended: its own, or those that another
// one took the full JID from.
func endings(before, after *session.Account, st *events.Stored) (gone []*session.Session, end End) {
	switch e := st.Event.(type) {
	case events.Closed:
		end = End{Ended: st.At, Reason: e.Reason, Text: e.Text}
	case events.Bound, events.Refreshed:
		end = End{Ended: st.At, Reason: events.ReasonReplaced}
	default:
		return nil, end
	}
	if before == nil {
		return nil, end
	}
	for _, s := range before.Sessions {
		if after.Session(s.ID) == nil {
			gone = append(gone, s)
		}
	}
	return gone, end
}

// rest are those that go on.
func (o *openSessions) rest() (all []Lifetime) {
	for _, a := range o.accounts {
		for _, s := range a.Sessions {
			all = append(all, Lifetime{Session: s, Address: o.addresses[s.ID]})
		}
	}
	slices.SortFunc(all, func(a, b Lifetime) int {
		return cmp.Or(cmp.Compare(a.Since, b.Since), a.JID.Compare(b.JID), slices.Compare(a.ID[:], b.ID[:]))
	})
	return all
}
