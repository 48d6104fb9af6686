package c2s

import (
	"crypto/rand"
	"errors"
	"slices"
	"strconv"

	"rollcall/events"
	"rollcall/session/pep"
	"rollcall/session/stanza"
)

// Personal eventing: XEP-0163, as much of XEP-0060 as clients need for their
// avatars (XEP-0084), bookmarks (XEP-0402), nicknames (XEP-0172) and devices
// (XEP-0384). Whoever owns an account publishes on its nodes; whoever gets its
// presence is shown what its client asks for (notify.go). There are no other
// publishers, no subscriptions but those, no lists of affiliations.

const (
	nsPubSub       = "http://jabber.org/protocol/pubsub"
	nsPubSubErrors = nsPubSub + "#errors"
	nsPubSubOwner  = nsPubSub + "#owner"
	nsPubSubEvent  = nsPubSub + "#event"
)

var eventing = extension{
	identity: "<identity category='pubsub' type='pep'/>",
	personal: append([]string{nsPubSub}, prefixed(nsPubSub+"#",
		"access-open", "access-presence", "access-whitelist", "auto-create", "auto-subscribe", "config-node",
		"create-and-configure", "create-nodes", "delete-items", "delete-nodes", "filtered-notifications", "item-ids",
		"last-published", "multi-items", "persistent-items", "presence-notifications", "publish", "publish-options",
		"purge-nodes", "retract-items", "retrieve-default", "retrieve-items")...),
	on: storesThings,
	requests: []answer{
		{space: nsPubSub, local: "pubsub", at: atOwn | atOthers, get: (*client).pubSubGet, set: (*client).pubSubSet},
		{space: nsPubSubOwner, local: "pubsub", at: atOwn | atOthers, get: (*client).ownerGet, set: (*client).ownerSet},
	},
}

func prefixed(prefix string, names ...string) []string {
	for i := range names {
		names[i] = prefix + names[i]
	}
	return names
}

func eventKey(el *stanza.Element) pep.Key { return pep.Key{Kind: pep.Event, Name: el.Attr("node")} }

// pubSubError is an error of XEP-0060's own.
func pubSubError(c stanza.Condition, name string) error {
	return &stanza.Error{Condition: c, App: "<" + name + " xmlns='" + nsPubSubErrors + "'/>"}
}

func unsupported(feature string) error {
	return &stanza.Error{
		Condition: stanza.FeatureNotImplemented,
		App:       "<unsupported xmlns='" + nsPubSubErrors + "' feature='" + feature + "'/>",
	}
}

// pubSubGet answers who wants items (XEP-0060, 6.5).
func (cl *client) pubSubGet(r *request) error {
	items := r.payload.Child(nsPubSub, "items")
	switch {
	case items == nil:
		return unsupported("retrieve-subscriptions")
	case items.Attr("node") == "":
		return pubSubError(stanza.BadRequest, "nodeid-required")
	}
	n, err := cl.readable(r, eventKey(items))
	if err != nil {
		return err
	}
	list, err := wantedItems(n, items)
	if err != nil {
		return err
	}
	b := stanza.AppendAttr([]byte("<pubsub xmlns='"+nsPubSub+"'><items"), "node", n.Name)
	b = append(b, '>')
	for _, it := range list {
		b = appendItemElement(b, it)
	}
	cl.result(r.iq, string(append(b, "</items></pubsub>"...)))
	return nil
}

// readable finds a node of the account that is asked, if the client may read
// it.
func (cl *client) readable(r *request, k pep.Key) (*pep.Node, error) {
	owner := r.to
	if cl.owns(r) {
		owner = cl.account
	}
	s, err := cl.srv.stored(owner)
	if err != nil {
		return nil, err
	}
	n := s.Node(k)
	switch {
	case n == nil:
		return nil, refuse(stanza.ItemNotFound)
	case cl.owns(r) || n.Access == pep.Open:
		return n, nil
	case n.Access == pep.Whitelist:
		return nil, pubSubError(stanza.NotAllowed, "closed-node")
	case !cl.sees(owner):
		return nil, pubSubError(stanza.NotAuthorized, "presence-subscription-required")
	}
	return n, nil
}

// wantedItems are those that are named, the newest as many as are asked for, or
// all; the oldest first.
func wantedItems(n *pep.Node, items *stanza.Element) (list []pep.Item, err error) {
	if items.First() == nil {
		list = n.Items
		if most := items.Attr("max_items"); most != "" {
			k, err := strconv.ParseUint(most, 10, 16)
			if err != nil {
				return nil, refuse(stanza.BadRequest)
			}
			list = list[max(len(list)-int(k), 0):]
		}
		return list, nil
	}
	for el := range items.Children() {
		it, ok := n.Find(el.Attr("id"))
		if !ok {
			return nil, refuse(stanza.ItemNotFound)
		}
		list = append(list, it)
	}
	return list, nil
}

func appendItemElement(b []byte, it pep.Item) []byte {
	b = append(stanza.AppendAttr(append(b, "<item"...), "id", it.ID), '>')
	return append(append(b, it.XML...), "</item>"...)
}

// pubSubSet is what an owner does with items.
func (cl *client) pubSubSet(r *request) error {
	el := r.payload.First()
	switch {
	case el.Is(nsPubSub, "subscribe") || el.Is(nsPubSub, "unsubscribe"):
		return unsupported("subscribe") // presence subscribes (XEP-0163, 4.1)
	case !cl.owns(r):
		return refuse(stanza.Forbidden)
	case el.Attr("node") == "":
		return pubSubError(stanza.BadRequest, "nodeid-required")
	case el.Is(nsPubSub, "publish"):
		return cl.publish(r, el)
	case el.Is(nsPubSub, "retract"):
		return cl.retract(r, el)
	case el.Is(nsPubSub, "create"):
		return cl.configure(r, eventKey(el), r.payload.Child(nsPubSub, "configure"), true)
	}
	return refuse(stanza.FeatureNotImplemented)
}

// publish is XEP-0060, 7.1: one item, with options or without.
func (cl *client) publish(r *request, publish *stanza.Element) error {
	el := publish.First()
	if len(slices.Collect(publish.Children())) != 1 || !el.Is(nsPubSub, "item") {
		return pubSubError(stanza.BadRequest, "item-required")
	}
	options, err := parseOptions(r.payload.Child(nsPubSub, "publish-options"))
	if err != nil {
		return err
	}
	it := pep.Item{ID: el.Attr("id"), XML: alone(el.First())}
	if it.ID == "" {
		it.ID = rand.Text()
	}
	k := eventKey(publish)
	s, err := cl.change(func(s *pep.Store) (*pep.Store, error) { return s.Publish(k, it, options) })
	if errors.Is(err, pep.ErrConfig) {
		return pubSubError(stanza.Conflict, "precondition-not-met")
	}
	if err != nil {
		return err
	}
	b := stanza.AppendAttr([]byte("<pubsub xmlns='"+nsPubSub+"'><publish"), "node", k.Name)
	b = stanza.AppendAttr(append(b, "><item"...), "id", it.ID)
	cl.result(r.iq, string(append(b, "/></publish></pubsub>"...)))
	cl.notify(s.Node(k), appendItemElement(nil, it))
	return nil
}

// retract is XEP-0060, 7.2.
func (cl *client) retract(r *request, retract *stanza.Element) error {
	id := retract.First().Attr("id")
	if id == "" {
		return pubSubError(stanza.BadRequest, "item-required")
	}
	k := eventKey(retract)
	s, err := cl.change(func(s *pep.Store) (*pep.Store, error) { return s.Retract(k, id) })
	if err != nil {
		return err
	}
	cl.result(r.iq, "")
	b := stanza.AppendAttr([]byte("<retract"), "id", id)
	cl.notify(s.Node(k), append(b, "/>"...))
	return nil
}

// nodes lists what disco#items says of an account (XEP-0060, 5.2), as far as
// the client may read it.
func (cl *client) nodes(owner events.JID) (b []byte, err error) {
	s, err := cl.srv.stored(owner)
	if err != nil {
		return nil, err
	}
	for n := range s.Nodes(pep.Event) {
		if owner == cl.account || n.Access != pep.Whitelist {
			b = stanza.AppendAttr(append(b, "<item"...), "jid", owner.String())
			b = append(stanza.AppendAttr(b, "node", n.Name), "/>"...)
		}
	}
	return b, nil
}
