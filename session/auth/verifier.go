package auth

import (
	"context"
	"errors"

	"github.com/rollcall-xmpp/rollcall/events"
)

// A Verifier checks passwords with a database of users that is not ours. It is
// called by many goroutines, and gives up when ctx ends.
type Verifier interface {
	// Check returns nil if the password is the account's. The error wraps
	// [ErrWrongPassword], [ErrNoAccount], [ErrExpired] or [ErrDisabled] if the database
	// said so; any other means that it has said nothing, and the client is told to try
	// again (temporary-auth-failure). Neither the password nor a part of it is in the
	// error. The password is not empty.
	Check(ctx context.Context, account events.JID, password string) error
}

// A TokenVerifier is a Verifier whose passwords are tokens, which name their account
// themselves: they may come by OAUTHBEARER (RFC 7628) as well.
type TokenVerifier interface {
	Verifier
	// Bearer returns the account of a domain that a token is for. Its errors are those
	// of Check.
	Bearer(ctx context.Context, domain, token string) (events.JID, error)
}

// ErrExpired means that what the client showed was right once.
var ErrExpired = errors.New("credentials have expired")

// IsAnswer reports that what a Verifier has returned is what its database says; otherwise
// the database has said nothing.
func IsAnswer(err error) bool { return err == nil || verdict(err) != TemporaryAuthFailure }

// verdict is the condition for an error of a Verifier.
func verdict(err error) Condition {
	switch {
	case errors.Is(err, ErrWrongPassword), errors.Is(err, ErrNoAccount):
		return NotAuthorized
	case errors.Is(err, ErrExpired):
		return CredentialsExpired
	case errors.Is(err, ErrDisabled):
		return AccountDisabled
	}
	return TemporaryAuthFailure
}

// enter lets an account in if a judge other than our own keys says that it may. An
// account of another database has a record of ours from its first login on, so that
// it can be listed, disabled and given a role like any other; a disabled one is
// refused whatever the judge says, but only a client that the judge believes is told.
func (x *Exchange) enter(ctx context.Context, account events.JID, judge func() error) Reply {
	c, err := x.auth.accounts.Credentials(ctx, account)
	if err != nil && !errors.Is(err, ErrNoAccount) {
		return fail(TemporaryAuthFailure, account, err)
	}
	if err := judge(); err != nil {
		return fail(verdict(err), account, err)
	}
	enrolled := false
	if c == nil && x.domain.Elsewhere() {
		if c, enrolled, err = x.auth.enroller.Enrol(ctx, account); err != nil {
			return fail(TemporaryAuthFailure, account, err)
		}
	}
	r := admit(account, c, true, nil)
	r.Enrolled = enrolled && r.Kind == Success
	return r
}
