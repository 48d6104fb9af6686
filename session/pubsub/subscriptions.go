package pubsub

import (
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/pep"
	"github.com/rollcall-xmpp/rollcall/session/roster"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// Explicit subscriptions: XEP-0060, 5.6, 6.1, 6.2 and 8.8. They are for those who
// don't get an account's presence, by which contacts are subscribed anyway, and
// for clients that don't say what they want (XEP-0163, 4). Whoever loses access
// is shown nothing; the subscription has effect again when it is given back, and
// is not listed meanwhile.

// notSubscribed is XEP-0060, 6.2.3.2: to try again is of no use.
var notSubscribed = stanza.Error{
	Condition: stanza.UnexpectedRequest, Type: stanza.Cancel, App: "<not-subscribed xmlns='" + nsErrors + "'/>",
}

// hears reports that events of a node are for a subscriber.
func (s *Service) hears(owner events.JID, owners *roster.Roster, n *pep.Node, subscriber events.JID) bool {
	return subscriber.Bare() == owner ||
		!s.cfg.Blocked(owner, subscriber) && n.Admit(readerIn(owners, subscriber.Bare())) == nil
}

// subscribe is XEP-0060, 6.1. To subscribe again changes nothing.
func (r *request) subscribe(el *stanza.Element) error {
	jid, err := events.ParseJID(el.Attr("jid"))
	switch {
	case err != nil || jid.Bare() != r.account:
		return appError(stanza.BadRequest, "invalid-jid")
	case el.Attr("node") == "":
		return errNoNodeID
	case r.Payload.Child(NS, "options") != nil:
		return withoutFeature("subscription-options")
	}
	k := eventKey(el)
	s, err := r.change(func(s *pep.Store) (*pep.Store, error) {
		n := s.Node(k)
		if n == nil {
			return nil, pep.ErrNoNode
		}
		if err := r.view().refuses(n); err != nil {
			return nil, err
		}
		return s.Subscribe(k, jid.String())
	})
	if err != nil {
		return err
	}
	b := appendSubscription([]byte("<pubsub xmlns='"+NS+"'>"), k.Name, jid.String(), "subscribed")
	r.Answer(string(append(b, "</pubsub>"...)))
	if n := s.Node(k); !n.Silent && len(n.Items) > 0 {
		r.srv.sendTo(r.Owner, jid, r.After, lastEvent(n)) // XEP-0060, 6.1.7
	}
	return nil
}

// unsubscribe is XEP-0060, 6.2. There are no subscription ids.
func (r *request) unsubscribe(el *stanza.Element) error {
	jid, err := events.ParseJID(el.Attr("jid"))
	switch {
	case err != nil:
		return appError(stanza.BadRequest, "invalid-jid")
	case el.Attr("node") == "":
		return errNoNodeID
	case jid.Bare() != r.account:
		return refuse(stanza.Forbidden)
	}
	_, err = r.change(func(s *pep.Store) (*pep.Store, error) { return s.Unsubscribe(eventKey(el), jid.String()) })
	if err != nil {
		return err
	}
	return r.done()
}

// ownSubscriptions tells a client which subscriptions its account has to the
// nodes of another, or to its own.
func (r *request) ownSubscriptions(el *stanza.Element) error {
	s, err := r.srv.stored(r.Owner)
	if err != nil {
		return err
	}
	b := []byte("<pubsub xmlns='" + NS + "'><subscriptions")
	only := el.Attr("node")
	if only != "" {
		b = stanza.AppendAttr(b, "node", only)
	}
	b = append(b, '>')
	v := r.view()
	for n := range s.Nodes(pep.Event) {
		if only != "" && only != n.Name {
			continue
		}
		list := n.Subscriptions(r.account.String())
		if len(list) > 0 && v.refuses(n) == nil {
			for _, jid := range list {
				b = appendSubscription(b, n.Name, jid, "subscribed")
			}
		}
	}
	r.Answer(string(append(b, "</subscriptions></pubsub>"...)))
	return nil
}

// subscriptions lists a node's for its owner.
func (r *request) subscriptions(el *stanza.Element) error {
	n, err := r.readable(el)
	if err != nil {
		return err
	}
	b := stanza.AppendAttr([]byte("<pubsub xmlns='"+NSOwner+"'><subscriptions"), "node", n.Name)
	b = append(b, '>')
	owners := r.known()
	for _, jid := range n.Subscribers {
		if r.srv.hears(r.account, owners, n, events.StoredJID(jid)) {
			b = appendSubscription(b, "", jid, "subscribed")
		}
	}
	r.Answer(string(append(b, "</subscriptions></pubsub>"...)))
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
func (r *request) endSubscriptions(el *stanza.Element) error {
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
	_, err := r.change(func(s *pep.Store) (*pep.Store, error) {
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
	r.Answer("")
	for _, jid := range ended {
		if !r.srv.cfg.Blocked(r.account, jid) {
			r.srv.sendTo(r.account, jid, r.After, appendSubscription(nil, k.Name, jid.String(), "none"))
		}
	}
	return nil
}
