package accounts

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/auth"
	"github.com/rollcall-xmpp/rollcall/session/roles"
)

// A change that changes nothing has no event, unless it repeats one whose event could not be
// written: so the log is asked what it says already. That costs what the account has done,
// and only changes that nobody needs pay it.

// errSame: the document is as it is to be, and stays as it is.
var errSame = errors.New("it is so already")

// newest is the newest event of the account that is accepted, nil if the log has none since
// an account of its name was removed.
func (a *Admin) newest(ctx context.Context, account events.JID, accept func(events.Event) bool) (e events.Event, err error) {
	for st, err := range events.Intact(a.log.Read(ctx, events.Range{Account: account})) {
		if err != nil {
			return nil, fmt.Errorf("history of %s: %w", account, err)
		}
		switch {
		case st.Event.Kind() == events.KindAccountRemoved:
			e = nil
		case accept(st.Event):
			e = st.Event
		}
	}
	return e, ctx.Err()
}

// saysDisabled reports that by its history nobody can log in to the account.
func (a *Admin) saysDisabled(ctx context.Context, account events.JID) (bool, error) {
	e, err := a.newest(ctx, account, func(e events.Event) bool {
		return e.Kind() == events.KindAccountDisabled || e.Kind() == events.KindAccountEnabled
	})
	disabled, ok := e.(events.AccountDisabled)
	return ok && (disabled.Until == 0 || disabled.Until > time.Now().UnixNano()), err
}

// saysRoles reports that by its history the account has the roles of k. One of which it says
// nothing has the default.
func (a *Admin) saysRoles(ctx context.Context, account events.JID, k *auth.Credentials) (bool, error) {
	e, err := a.newest(ctx, account, func(e events.Event) bool { return e.Kind() == events.KindRoleChanged })
	said, ok := e.(events.RoleChanged)
	if !ok {
		said.Role = roles.Default
	}
	return said.Role == k.Role && slices.Equal(said.Further, k.Further), err
}
