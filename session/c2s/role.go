package c2s

import (
	"context"
	"errors"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/auth"
	"github.com/rollcall-xmpp/rollcall/session/pep"
	"github.com/rollcall-xmpp/rollcall/session/roles"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// The permissions of a client, by its session's role. The log says which that is,
// and the configuration what it allows: each stanza is judged by the role of the
// moment.

// may reports that the client's role allows it.
func (cl *client) may(p roles.Permission) bool { return cl.role.Load().May(p) }

// needs refuses a client whose role does not allow it.
func (cl *client) needs(p roles.Permission) error {
	if cl.may(p) {
		return nil
	}
	return &stanza.Error{Condition: stanza.Forbidden, Text: "the role of this session does not allow it: " + p.String()}
}

// mayReach refuses a stanza to somebody else that the client's role does not allow. An
// answer to a stanza that others have sent needs nothing.
func (cl *client) mayReach(to events.JID, p roles.Permission) error {
	if to.IsZero() || to.Bare() == cl.account {
		return nil
	}
	return cl.needs(p)
}

// unlessError is why a stanza is refused. An error is dropped without a word (RFC 6120, 8.3.1):
// it is an answer, but nobody can tell to what, and whoever may not write could write by it.
func unlessError(el *stanza.Element, refusal error) error {
	if el.Type() == "error" {
		return nil
	}
	return refusal
}

// changesRoles reports an event after which sessions of its account may have others.
func changesRoles(e events.Event) bool {
	switch e.(type) {
	case events.RoleChanged, events.RoleTaken:
		return true
	}
	return false
}

// observeRoles gives the clients of an account that are here the roles that their sessions
// have now. What a client had begun to do before is not undone: one that may do less than
// it did has been ended by the log.
func (s *Server) observeRoles(a *session.Account) {
	for _, is := range a.Sessions() {
		if cl := s.hub.client(is.ID); cl != nil {
			cl.role.Store(s.cfg.Roles.Role(is.Role()))
		}
	}
}

// learnRole catches up with what observeRoles could not give to a client that nobody
// could find yet.
func (cl *client) learnRole() {
	if is := cl.srv.cfg.Table.Account(cl.account).Session(cl.session); is != nil {
		cl.role.Store(cl.srv.cfg.Roles.Role(is.Role()))
	}
}

// takeRole implements commands.Config's TakeRole. When it returns the client is judged by
// the new role.
func (s *Server) takeRole(ctx context.Context, client events.JID, role string, asOf events.Seq) error {
	is := s.cfg.Table.Account(client.Bare()).Resource(client.Resource())
	svc := s.service.Load()
	if is == nil || svc == nil {
		return session.ErrGone
	}
	_, at, err := svc.Do(ctx, client.Bare(), is.Conn, session.TakeRole{Session: is.ID, Role: role, AsOf: asOf})
	if err == nil && at.Seq != 0 {
		s.router.Reach(at)
	}
	return err
}

// maxResources is how many resources an account whose session has that role may bind.
func (c *conn) maxResources() (int, error) {
	n := c.role.Limit(roles.Sessions, c.srv.cfg.MaxResources)
	if n == 0 {
		return 0, session.ErrTooManySessions
	}
	return n, nil
}

// mayStore is how many bytes the client's account may store and publish.
func (cl *client) mayStore() int { return cl.role.Load().Limit(roles.Stored, pep.MaxBytes) }

// keepsFor reports that there is such an account and that messages may wait for it.
func (s *Server) keepsFor(ctx context.Context, account events.JID) (bool, error) {
	c, err := s.cfg.Accounts.Credentials(ctx, account)
	if errors.Is(err, auth.ErrNoAccount) {
		return false, nil
	}
	return err == nil && s.cfg.Roles.Role(c.Role).May(roles.Wait), err
}
