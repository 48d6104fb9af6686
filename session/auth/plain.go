package auth

import (
	"bytes"
	"context"
	"fmt"
	"unicode/utf8"

	"github.com/rollcall-xmpp/rollcall/events"
)

// A plainConversation is PLAIN (RFC 4616): one message with the password.
type plainConversation struct{ x *Exchange }

func (c *plainConversation) step(ctx context.Context, msg []byte) Reply {
	authzid, user, password, err := splitPlain(msg)
	if err != nil {
		return fail(MalformedRequest, events.JID{}, err)
	}
	account, err := c.x.account(user)
	if err != nil {
		return fail(NotAuthorized, events.JID{}, err)
	}
	if !mayActAs(account, authzid) {
		return fail(InvalidAuthzid, account, errAuthzid)
	}
	if c.x.domain.Elsewhere() {
		return c.elsewhere(ctx, account, password)
	}
	prepared, err := preparePassword(password)
	if err != nil {
		return fail(NotAuthorized, account, err)
	}
	if !c.x.admits(account) {
		return fail(TemporaryAuthFailure, account, ErrHeldBack)
	}
	keys, hash, cred, err := c.x.auth.passwordKeys(ctx, account)
	if err != nil {
		return fail(TemporaryAuthFailure, account, err)
	}
	proven, err := c.x.auth.recall.verify(account, keys, hash, prepared)
	if err != nil {
		return fail(TemporaryAuthFailure, account, err)
	}
	return admit(account, cred, proven, nil)
}

// elsewhere has another database check the password: as it is if that is a token,
// otherwise prepared, as LDAP wants it too (RFC 4513, section 5.1.1). One that is empty
// then is refused here: to LDAP it would be no password at all.
func (c *plainConversation) elsewhere(ctx context.Context, account events.JID, password string) Reply {
	if c.x.domain.tokens() == nil {
		var err error
		if password, err = preparePassword(password); err != nil {
			return fail(NotAuthorized, account, err)
		}
	}
	if !c.x.admits(account) {
		return fail(TemporaryAuthFailure, account, ErrHeldBack)
	}
	return c.x.enter(ctx, account, func() error { return c.x.domain.Passwords.Check(ctx, account, password) })
}

// splitPlain reads [authzid] NUL authcid NUL passwd (RFC 4616, section 2).
func splitPlain(msg []byte) (authzid, user, password string, err error) {
	parts := bytes.Split(msg, []byte{0})
	switch {
	case !utf8.Valid(msg):
		err = fmt.Errorf("%w: not UTF-8", errSyntax)
	case len(parts) != 3:
		err = fmt.Errorf("%w: %d parts, expected 3", errSyntax, len(parts))
	case len(parts[1]) == 0 || len(parts[2]) == 0:
		err = fmt.Errorf("%w: no user name or no password", errSyntax)
	default:
		return string(parts[0]), string(parts[1]), string(parts[2]), nil
	}
	return "", "", "", err
}
