package c2s

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// Resource binding: RFC 6120, 7. Which resource it is, and whose it was before,
// is decided where the log is (session.Bind); this file has what clients see of
// it.

// bind answers an iq with a bind element: by bad-request if it names what can't
// be a resource (7.7.2.1), by resource-constraint beyond the account's limit
// (7.6.2.1), by conflict if the resource is another's and may not be taken
// (7.7.2.2). The client may try again. An error ends the stream.
func (c *conn) bind(iq *stanza.Element) error {
	bind := payloadOf(iq)
	if iq.Type() != "set" || bind == nil {
		return c.refuse(iq, stanza.BadRequest)
	}
	resource := bind.Child(stanza.NSBind, "resource").Text()
	if resource != "" {
		var err error
		if resource, err = events.PrepareResource(resource); err != nil {
			return c.refuse(iq, stanza.BadRequest)
		}
	}
	err := c.bindSession(resource, c.srv.cfg.Conflict, func(cl *client) ([][]byte, error) { return [][]byte{bound(cl, iq)}, nil })
	if cause := stanzaError(err); cause != nil {
		c.Send(stanza.AppendError(nil, iq, cause, stanza.Stamp{}))
		return nil
	}
	return err
}

// bindSession binds the resource and makes the connection that of a client. tell
// gives the elements that the client is told first, when stanzas to its full JID
// already find it.
func (c *conn) bindSession(resource string, conflict session.Conflict, tell func(*client) ([][]byte, error)) error {
	most, err := c.maxResources()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), loginTime)
	defer cancel()
	// What it takes to serve the client comes first: a failure to load it leaves
	// nothing behind.
	release, err := c.srv.presence.Hold(ctx, c.account)
	if err != nil {
		c.srv.cfg.Logger.Warn("roster or block lists not loaded", "account", c.account.String(), "error", err)
		return fmt.Errorf("load rosters and block lists: %w", err)
	}
	defer release()
	jid, pos, err := c.appendBound(ctx, session.Bind{
		// The text is in the reader's memory, which the next element overwrites;
		// and deciding is pure, so random text is given to it.
		Session: c.session, Resource: strings.Clone(resource), Generated: rand.Text(),
		Conflict: conflict, Limit: most,
	})
	if err != nil {
		return err
	}
	cl := newClient(c, jid, pos)
	told, err := tell(cl)
	if err != nil {
		return err
	}
	if err := c.srv.awaitRoutes(ctx, cl.sender.After); err != nil {
		return err
	}
	c.MarkBound()
	c.srv.hub.addClient(cl, c, told...)
	cl.learnRole()
	return nil
}

// appendBound stores that the session is bound, and returns what it is bound to:
// the policy for conflicts may have made it another resource than was asked for.
func (c *conn) appendBound(ctx context.Context, b session.Bind) (events.JID, events.Position, error) {
	a, pos, err := c.svc.Do(ctx, c.account, c.ID(), b)
	if errors.Is(err, session.ErrGone) {
		c.srv.learnEnd(a)
	}
	if err != nil {
		return events.JID{}, pos, err
	}
	return a.Session(c.session).JID(), pos, nil
}

func (c *conn) refuse(iq *stanza.Element, cond stanza.Condition) error {
	c.Send(stanza.AppendError(nil, iq, &stanza.Error{Condition: cond}, stanza.Stamp{}))
	return nil
}

// bound is the answer to a client that is.
func bound(cl *client, iq *stanza.Element) []byte {
	payload := append([]byte(nil), "<bind xmlns='"+stanza.NSBind+"'><jid>"...)
	payload = append(stanza.AppendText(payload, cl.full), "</jid></bind>"...)
	return stanza.AppendResult(nil, iq, string(payload), stanza.Stamp{})
}
