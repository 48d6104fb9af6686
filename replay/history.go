package replay

import (
	"context"
	"fmt"
	"iter"
	"math"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// Pre is what happens before there is an account, by the time at which it was
// stored; bus.Pre implements it.
type Pre interface {
	Read(ctx context.Context, since, until time.Time) iter.Seq2[*events.Stored, error]
}

// History gives what happened in a span of time, and among it the failed logins
// that pre has, unless it is nil. A full JID means its sessions, from their
// logins on, and no failed ones, for none had a resource yet. The history of all
// has the connections, too, that came to an end before a login by what they did
// or did not do in time, such as a TLS handshake; they belong to no account.
//
// An account's history is read by its own subject, so it costs what the account
// has done; a full JID's is read twice. All failed logins of the span are held
// in memory. Errors are as in Tail, but any other than a *events.PoisonError is
// the last.
//
// The two streams are merged by the time at which the server stored their
// records: their sequences can't be compared, and Stored.Stream tells them apart.
func History(ctx context.Context, log events.Log, pre Pre, s Span) iter.Seq2[*events.Stored, error] {
	return func(yield func(*events.Stored, error) bool) {
		failed, err := failures(ctx, pre, s)
		if err == nil {
			err = history(ctx, log, failed, s, yield)
		}
		if err != nil {
			yield(nil, s.reading(err))
		}
	}
}

// history returns nil if all was given, or yield has returned false.
func history(ctx context.Context, log events.Log, failed []*events.Stored, s Span, yield func(*events.Stored, error) bool) error {
	r := events.Range{Account: s.Of.Bare(), Since: s.Since, Until: s.Until}
	meant, err := sessionsOf(ctx, log, s, r)
	if err != nil {
		return err
	}
	for st, err := range log.Read(ctx, r) {
		switch {
		case events.IsPoison(err):
			if !yield(nil, err) {
				return nil
			}
			continue
		case err != nil:
			return err
		case meant != nil && !meant[st.Session]:
			continue
		}
		var more bool
		if failed, more = giveUntil(st.At, failed, yield); !more || !yield(st, nil) {
			return nil
		}
	}
	// A history that was cut short must not look like a whole one.
	if err := ctx.Err(); err != nil {
		return err
	}
	giveUntil(math.MaxInt64, failed, yield)
	return nil
}

// giveUntil gives the first records of a list, those stored before an instant,
// and returns the others, and whether more are wanted.
func giveUntil(instant int64, list []*events.Stored, yield func(*events.Stored, error) bool) ([]*events.Stored, bool) {
	for len(list) > 0 && list[0].At < instant {
		if !yield(list[0], nil) {
			return nil, false
		}
		list = list[1:]
	}
	return list, true
}

// sessionsOf are those that a full JID means. Their logins name only the
// account, so they are found by the records that came after. It is nil if all
// are meant.
func sessionsOf(ctx context.Context, log events.Log, s Span, r events.Range) (map[events.SessionID]bool, error) {
	if s.Of.IsBare() {
		return nil, nil
	}
	meant := make(map[events.SessionID]bool)
	for st, err := range events.Intact(log.Read(ctx, r)) {
		if err != nil {
			return nil, err
		}
		if st.JID == s.Of {
			meant[st.Session] = true
		}
	}
	return meant, ctx.Err()
}

// failures finds the failed logins to the accounts that are meant and, if those
// are all, the connections that did not get as far as a login.
func failures(ctx context.Context, pre Pre, s Span) (all []*events.Stored, err error) {
	if pre == nil || !s.Of.IsBare() {
		return nil, nil
	}
	for st, err := range events.Intact(pre.Read(ctx, s.Since, s.Until)) {
		if err != nil {
			return nil, fmt.Errorf("failed logins: %w", err)
		}
		switch e := st.Event.(type) {
		case events.AuthFailed:
			if isTo(s.Of, st, e) {
				all = append(all, st)
			}
		case events.Disconnected:
			if s.Of.IsZero() && isFailure(e.Reason) {
				all = append(all, st)
			}
		}
	}
	return all, nil
}

// isFailure reports an end that the peer did not choose. One that merely looks
// whether somebody listens, as load balancers do all day, goes by itself.
func isFailure(r events.Reason) bool {
	return r == events.ReasonTimeout || r == events.ReasonError || r == events.ReasonOverload
}

// IsFailedLoginTo reports a login to the account that failed.
func IsFailedLoginTo(account events.JID, st *events.Stored) bool {
	f, ok := st.Event.(events.AuthFailed)
	return ok && isTo(account.Bare(), st, f)
}

// isTo reports a failed login to the account, or any if that is zero. A record
// that names no JID has only the user's name.
func isTo(account events.JID, st *events.Stored, f events.AuthFailed) bool {
	switch {
	case account.IsZero():
		return true
	case st.JID.IsZero():
		return f.Username == account.Local()
	case st.JID.Local() == "":
		return f.Username == account.Local() && st.JID.Domain() == account.Domain()
	}
	return st.JID.Bare() == account
}
