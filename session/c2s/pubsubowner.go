package c2s

import (
	"rollcall/session/pep"
	"rollcall/session/stanza"
)

// What an owner does with its nodes: XEP-0060, 8.

// ownerGet shows an owner what a node is: how it is configured (8.2), by default
// too (8.3), who is subscribed (8.8.1) and who is affiliated (8.9.1).
func (cl *client) ownerGet(r *request) error {
	if !cl.owns(r) {
		return refuse(stanza.Forbidden)
	}
	el := r.payload.First()
	switch {
	case el.Is(nsPubSubOwner, "default"):
		return cl.showConfig(r, el, pep.Config{})
	case el.Attr("node") == "":
		return errNoNodeID
	case el.Is(nsPubSubOwner, "subscriptions"):
		return cl.subscriptions(r, el)
	case el.Is(nsPubSubOwner, "affiliations"):
		return cl.affiliations(r, el)
	case !el.Is(nsPubSubOwner, "configure"):
		return refuse(stanza.FeatureNotImplemented)
	}
	n, err := cl.readable(r, eventKey(el))
	if err != nil {
		return err
	}
	return cl.showConfig(r, el, n.Config)
}

// showConfig is XEP-0060, 8.2.1 and 8.3.
func (cl *client) showConfig(r *request, el *stanza.Element, c pep.Config) error {
	b := []byte("<pubsub xmlns='" + nsPubSubOwner + "'><" + el.Local())
	if node := el.Attr("node"); node != "" {
		b = stanza.AppendAttr(b, "node", node)
	}
	b = appendConfig(append(b, '>'), c, cl.home.current())
	cl.result(r.iq, string(b)+"</"+el.Local()+"></pubsub>")
	return nil
}

// ownerSet changes that, and deletes (8.4) or purges (8.5).
func (cl *client) ownerSet(r *request) error {
	if !cl.owns(r) {
		return refuse(stanza.Forbidden)
	}
	el := r.payload.First()
	k := eventKey(el)
	switch {
	case k.Name == "":
		return errNoNodeID
	case el.Is(nsPubSubOwner, "subscriptions"):
		return cl.endSubscriptions(r, el)
	case el.Is(nsPubSubOwner, "affiliations"):
		return cl.affiliate(r, el)
	case el.Is(nsPubSubOwner, "configure"):
		return cl.configure(r, k, el, false)
	case el.Is(nsPubSubOwner, "delete"):
		return cl.clearNode(r, k, (*pep.Store).Delete, "delete")
	case el.Is(nsPubSubOwner, "purge"):
		return cl.clearNode(r, k, (*pep.Store).Purge, "purge")
	}
	return refuse(stanza.FeatureNotImplemented)
}

// configure makes a node (8.1.3), or changes one (8.2.4). A form says only what is
// to be different; what it leaves out stays, or is as by default.
func (cl *client) configure(r *request, k pep.Key, form *stanza.Element, make bool) error {
	options, err := parseOptions(form)
	if err != nil {
		return err
	}
	_, err = cl.change(func(s *pep.Store) (*pep.Store, error) {
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
	return cl.done(r)
}

// clearNode deletes a node or its items, and shows it to whom the node was
// shown.
func (cl *client) clearNode(r *request, k pep.Key, clear func(*pep.Store, pep.Key) (*pep.Store, error), event string) error {
	var was *pep.Node
	_, err := cl.change(func(s *pep.Store) (*pep.Store, error) {
		was = s.Node(k)
		return clear(s, k)
	})
	if err != nil {
		return err
	}
	cl.result(r.iq, "")
	b := stanza.AppendAttr([]byte("<"+event), "node", k.Name)
	cl.notifyWhole(was, append(b, "/>"...))
	return nil
}
