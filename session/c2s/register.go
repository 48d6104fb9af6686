package c2s

import (
	"context"
	"errors"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/auth"
	"github.com/rollcall-xmpp/rollcall/session/roles"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// In-band registration: XEP-0077. Anybody may make an account before logging in,
// and its owner may change its password and remove it. Whoever has a role for it makes
// accounts for others.

const (
	nsRegister        = "jabber:iq:register"
	nsRegisterFeature = "http://jabber.org/features/iq-register"
)

// A Registry keeps accounts as their owners make, change and remove them. Its
// events in the log are the caller's to write.
type Registry interface {
	// Register makes an account with a role. It fails with events.ErrConflict if there
	// is one, and with auth.ErrPassword.
	Register(ctx context.Context, account events.JID, password, role string) error
	// SetPassword fails with auth.ErrPassword and auth.ErrNoAccount.
	SetPassword(ctx context.Context, account events.JID, password string) error
	// Remove takes the credentials away. It is not an error if there are none.
	Remove(ctx context.Context, account events.JID) error
	// Forget deletes whatever else is kept of an account that was removed. It may
	// be called again where it failed.
	Forget(ctx context.Context, account events.JID) error
}

var registration = extension{
	features: []string{nsRegister},
	on:       func(c *Config) bool { return c.Registry != nil },
	requests: []answer{{space: nsRegister, local: "query", at: atServer | atOwn, get: getRegistration, set: setRegistration}},
}

// registryError is stanzaError for more errors.
func registryError(err error) *stanza.Error {
	switch {
	case errors.Is(err, events.ErrConflict):
		return &stanza.Error{Condition: stanza.Conflict, Text: "the user name is taken"}
	case errors.Is(err, auth.ErrPassword):
		return &stanza.Error{Condition: stanza.NotAcceptable, Text: "this password is not possible"}
	}
	return stanzaError(err)
}

// getRegistration says what is known of the client's account.
func getRegistration(cl *client, r *request) error {
	b := stanza.AppendText([]byte("<query xmlns='"+nsRegister+"'><registered/><username>"), cl.account.Local())
	cl.result(r.iq, string(append(b, "</username></query>"...)))
	return nil
}

// setRegistration changes the password, or removes the account, if that is ours to do.
func setRegistration(cl *client, r *request) error {
	if !cl.srv.users(cl.account).Own() {
		return &stanza.Error{Condition: stanza.NotAllowed, Text: "accounts of this domain are not changed here"}
	}
	if remove := r.payload.Child(nsRegister, "remove"); remove != nil {
		if n := children(r.payload); n != 1 {
			return refuse(stanza.BadRequest)
		}
		if err := cl.needs(roles.OwnAccount); err != nil {
			return err
		}
		return unregister(cl, r)
	}
	username, password := filledIn(r.payload)
	if username == "" || password == "" {
		return refuse(stanza.BadRequest)
	}
	local, err := events.PrepareLocal(username)
	switch {
	case err != nil:
		return refuse(stanza.NotAcceptable)
	case local != cl.account.Local():
		return registerAnother(cl, r, local, password)
	}
	return changePassword(cl, r, password)
}

// registerAnother makes an account for somebody else, of the client's own domain: none that
// may do what the client may not, for the client knows its password.
func registerAnother(cl *client, r *request, local, password string) error {
	if !cl.may(roles.Register) {
		return refuse(stanza.NotAllowed)
	}
	if !cl.role.Load().Covers(cl.srv.cfg.Roles.Role(roles.Default)) {
		return &stanza.Error{Condition: stanza.Forbidden, Text: "an account could do what the role of this session does not allow"}
	}
	account, err := events.NewJID(local, cl.account.Domain(), "")
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), loginTime)
	defer cancel()
	if err := cl.srv.cfg.Registry.Register(ctx, account, password, roles.Default); err != nil {
		if cause := registryError(err); cause != nil {
			return cause
		}
		return err
	}
	if _, _, err := cl.svc.Do(ctx, account, cl.id, session.CreateAccount{By: cl.actor()}); err != nil {
		return err
	}
	return cl.done(r)
}

func changePassword(cl *client, r *request, password string) error {
	if err := cl.needs(roles.OwnAccount); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), loginTime)
	defer cancel()
	if err := cl.srv.cfg.Registry.SetPassword(ctx, cl.account, password); err != nil {
		if cause := registryError(err); cause != nil {
			return cause
		}
		return err
	}
	// The account's other sessions proved a password that is no longer right.
	if _, err := cl.do(session.ChangePassword{Except: cl.session, By: cl.actor()}); err != nil {
		return err
	}
	if err := cl.srv.awaitRoutes(ctx, cl.sender.After); err != nil {
		return err // they may be sent something still
	}
	return cl.done(r)
}

// actor is the client as its own administrator.
func (cl *client) actor() events.Actor { return events.Actor(cl.full) }

// unregister removes the account, which ends the client's own session too, from
// the tail of the log. The credentials go first, so that nobody comes in behind
// it; where it fails, it can be asked for again.
func unregister(cl *client, r *request) error {
	ctx, cancel := context.WithTimeout(context.Background(), loginTime)
	defer cancel()
	if err := cl.srv.cfg.Registry.Remove(ctx, cl.account); err != nil {
		return err
	}
	c := cl.link.Load()
	if c != nil {
		answer := stanza.AppendResult(nil, r.iq, "", stanza.Stamp{To: cl.full})
		c.SetFarewell(answer)
	}
	if _, err := cl.do(session.RemoveAccount{By: cl.actor()}); err != nil {
		if c != nil {
			c.SetFarewell(nil)
		}
		return err
	}
	if err := cl.srv.cfg.Registry.Forget(ctx, cl.account); err != nil {
		cl.srv.cfg.Logger.Warn("something is left of a removed account; remove it again", "account", cl.account.String(), "error", err)
	}
	return nil
}
