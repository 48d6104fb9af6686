package accounts

import (
	"context"
	"errors"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/auth"
)

// Disable keeps an account from being logged in to and ends its sessions, or those that c
// names, which it returns with the sequence of the event. All that is kept of the account
// stays. It fails with auth.ErrNoAccount.
//
// A login that is under way is refused, or its session ended: it has read the credentials
// before they said so, and then its first event comes before this one, which ends the
// session, or after it, which refuses the login.
func (a *Admin) Disable(ctx context.Context, account events.JID, c session.DisableAccount) (ended []*session.Session, at events.Seq, err error) {
	d := auth.Disabling{Reason: c.Text, By: c.By.Fit()}
	if c.Until != 0 {
		d.Until = time.Unix(0, c.Until).Truncate(time.Millisecond).UTC()
	}
	err = a.Store.change(ctx, account, func(k *auth.Credentials) (*auth.Credentials, error) {
		if c.Reason == events.ReasonKicked && outlasts(k, d) {
			d = k.Disabling
		}
		k.Disabled, k.Disabling = true, d
		return k, nil
	})
	if err != nil {
		return nil, 0, err
	}
	c.Until = nanoseconds(d.Until)
	return a.recordState(ctx, account, c, &auth.Credentials{Disabled: true, Disabling: d}, c.By)
}

// recordState appends a change of whether an account is disabled. Of two changes at once the
// one that was made last may be on record first; then the log is told of it once more, so
// that the history ends with the state that holds.
func (a *Admin) recordState(ctx context.Context, account events.JID, c session.Command, is *auth.Credentials, by events.Actor) (ended []*session.Session, at events.Seq, err error) {
	for {
		gone, stored, err := a.do(ctx, account, c)
		if err != nil {
			return ended, at, unrecorded(account, err)
		}
		ended, at = append(ended, gone...), stored
		k, err := a.Credentials(ctx, account)
		switch {
		case errors.Is(err, auth.ErrNoAccount): // it has been removed since
			return ended, at, nil
		case err != nil:
			return ended, at, unrecorded(account, err)
		case k.Disabled == is.Disabled && sameDisabling(k.Disabling, is.Disabling):
			return ended, at, nil
		}
		is, c = k, session.EnableAccount{By: by}
		if k.Disabled {
			c = session.DisableAccount{Until: nanoseconds(k.Disabling.Until), Text: k.Disabling.Reason, By: k.Disabling.By}
		}
	}
}

// sameDisabling compares as documents have it.
func sameDisabling(a, b auth.Disabling) bool {
	return a.Until.Equal(b.Until) && a.Reason == b.Reason && a.By == b.By
}

// outlasts reports that an account is disabled for longer than d says: a kick that holds
// for a while does not shorten that.
func outlasts(k *auth.Credentials, d auth.Disabling) bool {
	return k.DisabledAt(time.Now()) && (k.Disabling.Until.IsZero() || !d.Until.IsZero() && k.Disabling.Until.After(d.Until))
}

// nanoseconds is a time as events have it, 0 for none.
func nanoseconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

// Enable lets an account be logged in to again, and returns the sequence of the event. To
// enable one that is not disabled is no error, and has no event: the sequence is 0. It
// fails with auth.ErrNoAccount.
func (a *Admin) Enable(ctx context.Context, by events.Actor, account events.JID) (at events.Seq, err error) {
	err = a.Store.change(ctx, account, func(k *auth.Credentials) (*auth.Credentials, error) {
		if !k.DisabledAt(time.Now()) {
			return nil, errSame
		}
		k.Disabled, k.Disabling = false, auth.Disabling{}
		return k, nil
	})
	switch {
	case errors.Is(err, errSame):
		if unsaid, err := a.enabledUnsaid(ctx, account); err != nil || !unsaid {
			return 0, err
		}
	case err != nil:
		return 0, err
	}
	_, at, err = a.recordState(ctx, account, session.EnableAccount{By: by}, &auth.Credentials{}, by)
	return at, err
}

// enabledUnsaid reports that an account which was enabled before is disabled by its history.
// The document is read after that: whoever disables an account changes it before the log.
func (a *Admin) enabledUnsaid(ctx context.Context, account events.JID) (bool, error) {
	if says, err := a.saysDisabled(ctx, account); err != nil || !says {
		return false, err
	}
	k, err := a.Credentials(ctx, account)
	return err == nil && !k.DisabledAt(time.Now()), err
}
