package c2s

import (
	"rollcall/events"
	"rollcall/session/pep"
	"rollcall/session/roster"
	"rollcall/session/stanza"
)

// Explicit subscriptions: XEP-0060, 5.6, 6.1, 6.2 and 8.8. They are for those who
// don't get an account's presence, by which contacts are subscribed anyway, and
// for clients that don't say what they want (XEP-0163, 4). Whoever loses access
// is shown nothing; the subscription has effect again when it is given back, and
// is not listed meanwhile.

// notSubscribed is XEP-0060, 6.2.3.2: to try again is of no use.
var notSubscribed = stanza.Error{
	Condition: stanza.UnexpectedRequest, Type: stanza.Cancel, App: "<not-subscribed xmlns='" + nsPubSubErrors + "'/>",
}

// hears reports that events of a node are for a subscriber.
func (s *Server) hears(owner events.JID, owners *roster.Roster, n *pep.Node, subscriber events.JID) bool {
	return subscriber.Bare() == owner ||
		!s.blocks.between(owner, subscriber) && n.Admit(readerIn(owners, subscriber.Bare())) == nil
}

// subscribe is XEP-0060, 6.1. To subscribe again changes nothing.
func (cl *client) subscribe(r *request, el *stanza.Element) error {
	jid, err := events.ParseJID(el.Attr("jid"))
	switch {
	case err != nil || jid.Bare() != cl.account:
		return pubSubError(stanza.BadRequest, "invalid-jid")
	case el.Attr("node") == "":
		return errNoNodeID
	case r.payload.Child(nsPubSub, "options") != nil:
		return withoutFeature("subscription-options")
	}
	owner, k := cl.owner(r), eventKey(el)
	s, err := cl.srv.change(owner, func(s *pep.Store) (*pep.Store, error) {
		n := s.Node(k)
		if n == nil {
			return nil, pep.ErrNoNode
		}
		if err := cl.viewOf(owner).refuses(n); err != nil {
			return nil, err
		}
		return s.Subscribe(k, jid.String())
	})
	if err != nil {
		return err
	}
	b := appendSubscription([]byte("<pubsub xmlns='"+nsPubSub+"'>"), k.Name, jid.String(), "subscribed")
	cl.result(r.iq, string(append(b, "</pubsub>"...)))
	if n := s.Node(k); !n.Silent && len(n.Items) > 0 {
		cl.srv.sendTo(owner, jid, cl.sender.After, lastEvent(n)) // XEP-0060, 6.1.7
	}
	return nil
}

// unsubscribe is XEP-0060, 6.2. There are no subscription ids.
func (cl *client) unsubscribe(r *request, el *stanza.Element) error {
	jid, err := events.ParseJID(el.Attr("jid"))
	switch {
	case err != nil:
		return pubSubError(stanza.BadRequest, "invalid-jid")
	case el.Attr("node") == "":
		return errNoNodeID
	case jid.Bare() != cl.account:
		return refuse(stanza.Forbidden)
	}
	_, err = cl.srv.change(cl.owner(r), func(s *pep.Store) (*pep.Store, error) { return s.Unsubscribe(eventKey(el), jid.String()) })
	if err != nil {
		return err
	}
	return cl.done(r)
}

// ownSubscriptions tells a client which subscriptions its account has to the
// nodes of another, or to its own.
func (cl *client) ownSubscriptions(r *request, el *stanza.Element) error {
	owner := cl.owner(r)
	s, err := cl.srv.stored(owner)
	if err != nil {
		return err
	}
	b := []byte("<pubsub xmlns='" + nsPubSub + "'><subscriptions")
	only := el.Attr("node")
	if only != "" {
		b = stanza.AppendAttr(b, "node", only)
	}
	b = append(b, '>')
	v := cl.viewOf(owner)
	for n := range s.Nodes(pep.Event) {
		if only != "" && only != n.Name {
			continue
		}
		list := n.Subscriptions(cl.full)
		if len(list) > 0 && v.refuses(n) == nil {
			for _, jid := range list {
				b = appendSubscription(b, n.Name, jid, "subscribed")
			}
		}
	}
	cl.result(r.iq, string(append(b, "</subscriptions></pubsub>"...)))
	return nil
}

// subscriptions lists a node's for its owner.
func (cl *client) subscriptions(r *request, el *stanza.Element) error {
	n, err := cl.readable(r, eventKey(el))
	if err != nil {
		return err
	}
	b := stanza.AppendAttr([]byte("<pubsub xmlns='"+nsPubSubOwner+"'><subscriptions"), "node", n.Name)
	b = append(b, '>')
	for _, jid := range n.Subscribers {
		if cl.srv.hears(cl.account, cl.home.current(), n, events.StoredJID(jid)) {
			b = appendSubscription(b, "", jid, "subscribed")
		}
	}
	cl.result(r.iq, string(append(b, "</subscriptions></pubsub>"...)))
	return nil
}

// appendSubscription writes one; node is "" where the list says whose it is.
func appendSubscription(b []byte, node, jid, state string) []byte {
	b = append(b, "<subscription"...)
	if node != "" {
		b = stanza.AppendAttr(b, "node", node)
	}
	b = stanza.AppendAttr(b, "jid", jid)
	return append(stanza.AppendAttr(b, "subscription", state), "/>"...)
}

// endSubscriptions is what an owner may do with those of others, all that are
// named or none: nobody is subscribed but by himself.
func (cl *client) endSubscriptions(r *request, el *stanza.Element) error {
	var ended []events.JID
	for c := range el.Children() {
		jid, err := events.ParseJID(c.Attr("jid"))
		if err != nil {
			return err
		}
		if c.Attr("subscription") != "none" {
			return &stanza.Error{Condition: stanza.NotAcceptable, Text: "an owner can only end subscriptions"}
		}
		ended = append(ended, jid)
	}
	k := eventKey(el)
	_, err := cl.change(func(s *pep.Store) (*pep.Store, error) {
		var err error
		for _, jid := range ended {
			if s, err = s.Unsubscribe(k, jid.String()); err != nil {
				return nil, err
			}
		}
		return s, nil
	})
	if err != nil {
		return err
	}
	cl.result(r.iq, "")
	for _, jid := range ended {
		if !cl.srv.blocks.between(cl.account, jid) {
			cl.srv.sendTo(cl.account, jid, cl.sender.After, appendSubscription(nil, k.Name, jid.String(), "none"))
		}
	}
	return nil
}
