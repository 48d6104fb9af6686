package pubsub

import (
	"github.com/rollcall-xmpp/rollcall/session/pep"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// What an owner does with its nodes: XEP-0060, 8.

// ownerGet shows an owner what a node is: how it is configured (8.2), by default
// too (8.3), who is subscribed (8.8.1) and who is affiliated (8.9.1).
func (r *request) ownerGet() error {
	if !r.owns() {
		return refuse(stanza.Forbidden)
	}
	el := r.Payload.First()
	switch {
	case el.Is(NSOwner, "default"):
		return r.showConfig(el, pep.Config{})
	case el.Attr("node") == "":
		return errNoNodeID
	case el.Is(NSOwner, "subscriptions"):
		return r.subscriptions(el)
	case el.Is(NSOwner, "affiliations"):
		return r.affiliations(el)
	case !el.Is(NSOwner, "configure"):
		return refuse(stanza.FeatureNotImplemented)
	}
	n, err := r.readable(el)
	if err != nil {
		return err
	}
	return r.showConfig(el, n.Config)
}

// showConfig is XEP-0060, 8.2.1 and 8.3.
func (r *request) showConfig(el *stanza.Element, c pep.Config) error {
	b := []byte("<pubsub xmlns='" + NSOwner + "'><" + el.Local())
	if node := el.Attr("node"); node != "" {
		b = stanza.AppendAttr(b, "node", node)
	}
	b = appendConfig(append(b, '>'), c, r.known())
	r.Answer(string(b) + "</" + el.Local() + "></pubsub>")
	return nil
}

// ownerSet changes that, and deletes (8.4) or purges (8.5).
func (r *request) ownerSet() error {
	if !r.owns() {
		return refuse(stanza.Forbidden)
	}
	el := r.Payload.First()
	k := eventKey(el)
	switch {
	case k.Name == "":
		return errNoNodeID
	case el.Is(NSOwner, "subscriptions"):
		return r.endSubscriptions(el)
	case el.Is(NSOwner, "affiliations"):
		return r.affiliate(el)
	case el.Is(NSOwner, "configure"):
		return r.configure(k, el, false)
	case el.Is(NSOwner, "delete"):
		return r.clearNode(k, (*pep.Store).Delete, "delete")
	case el.Is(NSOwner, "purge"):
		return r.clearNode(k, (*pep.Store).Purge, "purge")
	}
	return refuse(stanza.FeatureNotImplemented)
}

// configure makes a node (8.1.3), or changes one (8.2.4). A form says only what is
// to be different; what it leaves out stays, or is as by default.
func (r *request) configure(k pep.Key, form *stanza.Element, make bool) error {
	options, err := parseOptions(form)
	if err != nil {
		return err
	}
	_, err = r.change(func(s *pep.Store) (*pep.Store, error) {
		n := s.Node(k)
		switch {
		case n == nil && !make:
			return nil, pep.ErrNoNode
		case n != nil && make:
			return nil, refuse(stanza.Conflict)
		case n == nil:
			n = &pep.Node{}
		}
		c := n.Config
		if options != nil {
			c = options(c)
		}
		return s.Configure(k, c)
	})
	if err != nil {
		return err
	}
	return r.done()
}

// clearNode deletes a node or its items, and shows that to those whom the node
// was shown to.
func (r *request) clearNode(k pep.Key, clear func(*pep.Store, pep.Key) (*pep.Store, error), event string) error {
	var was *pep.Node
	_, err := r.change(func(s *pep.Store) (*pep.Store, error) {
		was = s.Node(k)
		return clear(s, k)
	})
	if err != nil {
		return err
	}
	r.Answer("")
	b := stanza.AppendAttr([]byte("<"+event), "node", k.Name)
	r.notifyWhole(was, append(b, "/>"...))
	return nil
}
