package c2s

import (
	"context"
	"crypto/rand"
	"errors"
	"maps"

	"rollcall/events"
	"rollcall/session"
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

// turn makes a list the account's, and shows what has changed: pushes to the
// account's clients that know the list (XEP-0191, 3.3), and to each side the
// other's presence, or that it is gone. The caller holds the tail, as for what
// follows.
func (s *Server) turn(account events.JID, next *blockList) {
	old, ok := s.blocks.replace(account, next)
	if !ok {
		return
	}
	if a := s.hub.account(account); a != nil {
		s.pushBlocked(a, "block", next.without(old))
		s.pushBlocked(a, "unblock", old.without(next))
		s.turnContacts(a, old, next)
	}
	s.turnWatchers(account, old, next)
}

func (s *Server) pushBlocked(a *account, name string, jids []events.JID) {
	for _, cl := range s.hub.clientsOf(a) {
		if !cl.seesBlocked || len(jids) == 0 {
			continue
		}
		b := stanza.AppendAttr([]byte("<iq type='set'"), "id", rand.Text())
		b = append(stanza.AppendAttr(b, "to", cl.full), '>')
		cl.send(append(appendBlocked(b, name, jids), "</iq>"...))
	}
}

// turnContacts is the account's view of its contacts.
func (s *Server) turnContacts(a *account, old, next *blockList) {
	for jid := range a.current().Watched() {
		c, _ := s.hub.contact(jid)
		if c == nil || jid == a.jid {
			continue
		}
		theirs := s.blocks.of(jid)
		for _, o := range c.seen.Available() {
			for _, cl := range s.hub.clientsOf(a) {
				if !theirs.blocks(cl.jid) {
					cl.turn(o, old.blocks(o.JID), next.blocks(o.JID))
				}
			}
		}
	}
}

// turnWatchers is what those see of the account who watch it.
func (s *Server) turnWatchers(account events.JID, old, next *blockList) {
	c, by := s.hub.contact(account)
	if c == nil {
		return
	}
	for _, w := range by {
		theirs := s.blocks.of(w.jid)
		for _, cl := range s.hub.clientsOf(w) {
			for _, o := range c.seen.Available() {
				if w.jid != account && !theirs.blocks(o.JID) {
					cl.turn(o, old.blocks(cl.jid), next.blocks(cl.jid))
				}
			}
		}
	}
}

// turn shows the client a session that was blocked, or is from now on.
func (cl *client) turn(o *session.Session, was, is bool) {
	switch {
	case was == is || !cl.available.Load():
	case is:
		cl.send(presence{from: o.JID, text: unavailable}.to(cl.account, false))
	default:
		cl.send(presenceOf(o).to(cl.account, true))
	}
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

func appendBlocked(b []byte, name string, jids []events.JID) []byte {
	b = append(b, "<"+name+" xmlns='"+stanza.NSBlocking+"'>"...)
	for _, j := range jids {
		b = append(stanza.AppendAttr(append(b, "<item"...), "jid", j.String()), "/>"...)
	}
	return append(b, "</"+name+">"...)
}
