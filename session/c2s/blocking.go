package c2s

import (
	"context"
	"errors"
	"maps"

	"rollcall/events"
	"rollcall/session/roster"
	"rollcall/session/stanza"
)

// Blocking: XEP-0191. A block list is a document that any connector may change;
// every connector follows all of them, decides by them about what its clients
// send, and shows its own clients what a change means for them.
//
// A stanza of a moment in which a list changes elsewhere may still pass.

var blocking = extension{
	features: []string{stanza.NSBlocking},
	on:       func(c *Config) bool { return c.Blocked != nil },
	requests: []answer{
		{space: stanza.NSBlocking, local: "blocklist", at: atOwn, get: (*client).blockList},
		{space: stanza.NSBlocking, local: "block", at: atOwn, set: (*client).block},
		{space: stanza.NSBlocking, local: "unblock", at: atOwn, set: (*client).unblock},
	},
}

// blockList is XEP-0191, 3.2. From there on the client gets pushes.
func (cl *client) blockList(r *request) error {
	cl.srv.tail.Lock()
	defer cl.srv.tail.Unlock()
	cl.seesBlocked = true
	cl.result(r.iq, string(appendBlocked(nil, "blocklist", cl.srv.blocks.of(cl.account).sorted())))
	return nil
}

// block is XEP-0191, 3.3.
func (cl *client) block(r *request) error {
	jids, err := blockItems(r.payload)
	if err == nil && len(jids) == 0 {
		err = refuse(stanza.BadRequest)
	}
	if err != nil {
		return err
	}
	return cl.changeBlocked(r, func(list map[events.JID]struct{}) {
		for _, j := range jids {
			list[j] = struct{}{}
		}
	})
}

// unblock is XEP-0191, 3.4 and 3.5: no item stands for all.
func (cl *client) unblock(r *request) error {
	jids, err := blockItems(r.payload)
	if err != nil {
		return err
	}
	return cl.changeBlocked(r, func(list map[events.JID]struct{}) {
		for _, j := range jids {
			delete(list, j)
		}
		if len(jids) == 0 {
			clear(list)
		}
	})
}

// blockItems reads whom a request names. What is no item has no meaning here.
func blockItems(payload *stanza.Element) (jids []events.JID, err error) {
	for item := range payload.Children() {
		if !item.Is(stanza.NSBlocking, "item") {
			continue
		}
		j, err := events.ParseJID(item.Attr("jid"))
		if err != nil {
			return nil, err
		}
		jids = append(jids, j.Clone())
	}
	return jids, nil
}

// changeBlocked stores the changed list, answers, and shows what follows from
// it here; other connectors learn of it from the document.
func (cl *client) changeBlocked(r *request, change func(map[events.JID]struct{})) error {
	ctx, cancel := context.WithTimeout(context.Background(), loginTime)
	defer cancel()
	cl.srv.beginBlocking(cl.home)
	defer cl.srv.finishBlocking(cl.home)
	for {
		doc, err := cl.srv.cfg.Blocked.Get(ctx, cl.account)
		if err != nil && !errors.Is(err, events.ErrNotFound) {
			return err
		}
		old, err := decodeBlockList(doc)
		if err != nil {
			return err
		}
		next := &blockList{jids: maps.Clone(old.jids)}
		change(next.jids)
		if len(next.jids) > maxBlocked {
			return &stanza.Error{Condition: stanza.ResourceConstraint, Text: "the block list is full"}
		}
		if maps.Equal(old.jids, next.jids) {
			return cl.done(r)
		}
		next.revision, err = cl.srv.cfg.Blocked.Put(ctx, cl.account, next.encode(), old.revision)
		switch {
		case errors.Is(err, events.ErrConflict):
			continue
		case err != nil:
			return err
		}
		cl.result(r.iq, "")
		cl.srv.applyBlocked(cl.account, next)
		return nil
	}
}

// beginBlocking keeps back what follows from a change until finishBlocking: the
// result comes before the push.
func (s *Server) beginBlocking(a *account) {
	s.tail.Lock()
	defer s.tail.Unlock()
	a.blocking++
}

// finishBlocking lets go what beginBlocking kept back, when nobody else of the
// account has such a change under way.
func (s *Server) finishBlocking(a *account) {
	s.tail.Lock()
	defer s.tail.Unlock()
	a.blocking--
	if a.blocking > 0 {
		return
	}
	for _, list := range a.unapplied {
		s.turn(a.jid, list)
	}
	a.unapplied = nil
}

// FollowBlocked applies the changes of block lists, wherever they are made. No
// client is bound before it has read all that there are. It returns when ctx
// ends, or with an error if the documents are not those that it began with.
func (s *Server) FollowBlocked(ctx context.Context) error {
	if s.cfg.Blocked == nil {
		<-ctx.Done()
		return ctx.Err()
	}
	last, err := s.cfg.Blocked.Last(ctx)
	if err != nil {
		return err
	}
	if last == 0 {
		s.blocks.load()
	}
	for doc, err := range s.cfg.Blocked.Watch(ctx, 0) {
		if errors.Is(err, events.ErrUnavailable) {
			continue // reported once; it goes on by itself
		}
		if err != nil {
			return err
		}
		if list, err := decodeBlockList(doc); err != nil {
			s.cfg.Logger.Error("block list refused", "account", doc.JID.String(), "error", err)
		} else {
			s.applyBlocked(doc.JID, list)
		}
		if doc.Revision >= last {
			s.blocks.load()
		}
	}
	return ctx.Err()
}

// applyBlocked makes a list the account's, at its time.
func (s *Server) applyBlocked(account events.JID, next *blockList) {
	s.tail.Lock()
	defer s.tail.Unlock()
	if a := s.hub.account(account); a != nil && a.blocking > 0 {
		a.unapplied = append(a.unapplied, next)
		return
	}
	s.turn(account, next)
}

// stopped decides about a stanza between two of whom one blocks the other. Its
// sender is told that it blocks the recipient (XEP-0191, 3.3), but not that the
// recipient blocks it: that is as if nobody were there. Subscriptions pass,
// because both rosters are to fit together; see arrive.
func (m *mail) stopped() (bool, error) {
	if m.to.Local() == "" || !m.srv.blocks.between(m.from, m.to) {
		return false, nil
	}
	if m.srv.blocks.of(m.from).blocks(m.to) {
		return true, &stanza.Error{
			Condition: stanza.NotAcceptable, Type: stanza.Cancel, App: "<blocked xmlns='urn:xmpp:blocking:errors'/>",
		}
	}
	if m.el.Local() == "presence" {
		_, passes := roster.ParseKind(m.el.Type())
		return !passes, nil
	}
	if t := m.el.Type(); t == "error" || t == "result" {
		return true, nil
	}
	return true, refuse(stanza.ServiceUnavailable)
}

// waitsInVain reports a message that waited for an account which blocks its
// sender by now: it is delivered no more than any other.
func (s *Server) waitsInVain(account events.JID, message []byte) bool {
	list := s.blocks.of(account)
	if list == nil {
		return false
	}
	el, err := stanza.Parse(message, stanza.NSClient, s.cfg.Limits)
	if err != nil {
		return false
	}
	from, err := el.From()
	return err == nil && list.blocks(from)
}

func appendBlocked(b []byte, name string, jids []events.JID) []byte {
	b = append(b, "<"+name+" xmlns='"+stanza.NSBlocking+"'>"...)
	for _, j := range jids {
		b = append(stanza.AppendAttr(append(b, "<item"...), "jid", j.String()), "/>"...)
	}
	return append(b, "</"+name+">"...)
}
