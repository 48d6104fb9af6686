package c2s

import (
	"context"
	"slices"

	"rollcall/events"
	"rollcall/session/roster"
	"rollcall/session/stanza"
)

// Presence subscriptions: RFC 6121, 3 and appendix A. Both rosters are ours to
// change, so both ends of a transition are written here, in the order that
// keeps one thing true at every moment: who watches a contact by its own roster
// is allowed to by the contact's. A grant is written at the contact first, a
// revocation at the watcher first.

// subscription handles a client's subscribe, subscribed, unsubscribe or
// unsubscribed.
func (cl *client) subscription(el *stanza.Element, kind roster.Kind, contact events.JID) error {
	if contact.IsZero() || contact == cl.account {
		return refuse(stanza.BadRequest)
	}
	if !cl.srv.router.Served(contact.Domain()) {
		return refuse(stanza.RemoteServerNotFound)
	}
	// The bare JIDs count (RFC 6121, 3.1.2).
	b := el.AppendTo(nil, stanza.Stamp{From: cl.account.String(), To: contact.String()})
	if kind == roster.Subscribe && len(b) > roster.MaxRequest {
		return &stanza.Error{Condition: stanza.PolicyViolation, Text: "the request is too large to be kept"}
	}
	return cl.srv.subscription(cl.account, contact, kind, b)
}

// subscription carries a transition out on both sides and delivers the stanza.
// If it fails in between, a watcher is allowed more than its own roster says,
// never less.
func (s *Server) subscription(user, contact events.JID, kind roster.Kind, b []byte) error {
	out := func(r *roster.Roster) (roster.Change, error) { return r.Outbound(contact, kind) }
	if kind == roster.Unsubscribed {
		// The contact is the watcher: it loses sight before it is said that it has.
		if err := s.arrive(user, contact, kind, b); err != nil {
			return err
		}
		_, err := s.changeRoster(user, out, nil)
		return err
	}
	c, err := s.changeRoster(user, out, nil)
	if err != nil || !c.Pass {
		return err
	}
	return s.arrive(user, contact, kind, b)
}

// arrive is the contact's side of a transition that the user has caused.
func (s *Server) arrive(user, contact events.JID, kind roster.Kind, b []byte) error {
	if ok, err := s.router.Exists(contact); err != nil || !ok {
		return err // RFC 6121, 8.5.1: silently, for an unknown contact
	}
	blocked := s.blocks.of(contact).blocks(user)
	if blocked && kind == roster.Subscribe {
		return nil
	}
	c, err := s.changeRoster(contact, func(r *roster.Roster) (roster.Change, error) {
		c, err := r.Inbound(user, kind, slices.Clone(b))
		if err == nil && c.Pass && kind != roster.Subscribe && !blocked {
			c.Roster = c.Roster.WithNotice(notice(user, contact, kind, b))
		}
		return c, err
	}, nil)
	if err != nil {
		return err
	}
	for _, answer := range c.Send { // the server's, in the contact's name (A.3)
		if err := s.subscriptionFrom(contact, user, answer); err != nil {
			return err
		}
	}
	if kind == roster.Subscribed && c.Pass && !blocked {
		s.showNewWatcher(user, contact)
	}
	return nil
}

// subscriptionFrom is a stanza that the server sends in a user's name.
func (s *Server) subscriptionFrom(user, contact events.JID, kind roster.Kind) error {
	return s.arrive(user, contact, kind, plainSubscription(user, contact, kind))
}

func plainSubscription(user, contact events.JID, kind roster.Kind) []byte {
	b := stanza.AppendAttr([]byte("<presence"), "from", user.String())
	b = stanza.AppendAttr(b, "to", contact.String())
	return append(stanza.AppendAttr(b, "type", kind.String()), "/>"...)
}

// notice is an answer as the contact's roster carries it, without what else the
// user said if that is too much.
func notice(user, contact events.JID, kind roster.Kind, b []byte) []byte {
	if len(b) > roster.MaxNotice {
		return plainSubscription(user, contact, kind)
	}
	return slices.Clone(b)
}

// notify hands over what subscription stanzas the change of a roster brought:
// a request to the available resources (RFC 6121, 3.1.3), an answer to the
// interested ones (3.1.6). The caller holds a.mu.
func (a *account) notify(s *Server, old, next *roster.Roster) {
	for _, cl := range s.hub.clientsOf(a) {
		if cl.interested {
			for _, n := range next.NoticesSince(old) {
				cl.send(n)
			}
		}
		if cl.available.Load() {
			for _, q := range next.RequestsSince(old) {
				cl.send(q.Stanza)
			}
		}
	}
}

// removeItem cancels both directions and removes the item (RFC 6121, 2.5.2). As
// ever, who watches loses sight first: the contact before the item goes, the
// user with it.
func (cl *client) removeItem(contact events.JID, answer func()) error {
	ctx, cancel := context.WithTimeout(context.Background(), loginTime)
	defer cancel()
	r, err := cl.srv.readRoster(ctx, cl.account)
	if err != nil {
		return err
	}
	remove := func(r *roster.Roster) (roster.Change, error) { return r.Remove(contact) }
	c, err := remove(r)
	if err != nil {
		return err
	}
	if slices.Contains(c.Send, roster.Unsubscribed) {
		if err := cl.srv.subscriptionFrom(cl.account, contact, roster.Unsubscribed); err != nil {
			return err
		}
	}
	if c, err = cl.srv.changeRoster(cl.account, remove, answer); err != nil {
		return err
	}
	if slices.Contains(c.Send, roster.Unsubscribe) {
		if err := cl.srv.subscriptionFrom(cl.account, contact, roster.Unsubscribe); err != nil {
			// The client has had its answer. The contact's roster says that it is
			// watched by somebody who is not there.
			cl.srv.cfg.Logger.Warn("contact not told of its removal", "contact", contact.String(), "error", err)
		}
	}
	return nil
}
