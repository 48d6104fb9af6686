package c2s

import (
	"crypto/rand"
	"errors"

	"rollcall/session/pep"
	"rollcall/session/stanza"
)

// Personal eventing: XEP-0163, as much of XEP-0060 as clients need for their
// avatars (XEP-0084), bookmarks (XEP-0402), nicknames (XEP-0172) and devices
// (XEP-0384). Whoever owns an account publishes on its nodes; whoever gets its
// presence is shown what its client asks for (pepnotify.go), as far as it may read
// it (pepaccess.go), and so is whoever has subscribed (pepsubscriptions.go).
// There are no other publishers.

const (
	nsPubSub       = "http://jabber.org/protocol/pubsub"
	nsPubSubErrors = nsPubSub + "#errors"
	nsPubSubOwner  = nsPubSub + "#owner"
)

var eventing = extension{
	identity: "<identity category='pubsub' type='pep'/>",
	personal: append([]string{nsPubSub}, prefixed(nsPubSub+"#",
		"access-open", "access-presence", "access-roster", "access-whitelist", "auto-create", "auto-subscribe",
		"config-node", "config-node-max", "create-and-configure", "create-nodes", "delete-items", "delete-nodes",
		"filtered-notifications", "item-ids", "last-published", "manage-subscriptions", "member-affiliation",
		"modify-affiliations", "multi-items", "outcast-affiliation", "persistent-items", "presence-notifications",
		"publish", "publish-options", "purge-nodes", "retract-items", "retrieve-affiliations", "retrieve-default",
		"retrieve-items", "retrieve-subscriptions", "subscribe")...),
	on: storesThings,
	requests: []answer{
		{space: nsPubSub, local: "pubsub", at: atOwn | atOthers, get: (*client).pubSubGet, set: (*client).pubSubSet},
		{space: nsPubSubOwner, local: "pubsub", at: atOwn | atOthers, get: (*client).ownerGet, set: (*client).ownerSet},
	},
}

// prefixed puts a prefix before each name.
func prefixed(prefix string, names ...string) []string {
	for i := range names {
		names[i] = prefix + names[i]
	}
	return names
}

func eventKey(el *stanza.Element) pep.Key { return pep.Key{Kind: pep.Event, Name: el.Attr("node")} }

// pubSubAnswer is an error of XEP-0060's own.
func pubSubAnswer(c stanza.Condition, name string) stanza.Error {
	return stanza.Error{Condition: c, App: "<" + name + " xmlns='" + nsPubSubErrors + "'/>"}
}

func pubSubError(c stanza.Condition, name string) error {
	e := pubSubAnswer(c, name)
	return &e
}

// withoutFeature refuses what XEP-0060 calls by a feature's name.
func withoutFeature(feature string) error {
	return &stanza.Error{
		Condition: stanza.FeatureNotImplemented,
		App:       "<unsupported xmlns='" + nsPubSubErrors + "' feature='" + feature + "'/>",
	}
}

var errNoNodeID = pubSubError(stanza.BadRequest, "nodeid-required")

// pubSubGet answers who wants items, or asks what it may.
func (cl *client) pubSubGet(r *request) error {
	el := r.payload.First()
	switch {
	case el.Is(nsPubSub, "items"):
		return cl.items(r, el)
	case el.Is(nsPubSub, "affiliations"):
		return cl.ownAffiliations(r, el)
	case el.Is(nsPubSub, "subscriptions"):
		return cl.ownSubscriptions(r, el)
	case el.Is(nsPubSub, "default"), el.Is(nsPubSub, "options"):
		return withoutFeature("subscription-options")
	}
	return refuse(stanza.FeatureNotImplemented)
}

// pubSubSet is what a subscriber does, and an owner with items.
func (cl *client) pubSubSet(r *request) error {
	el := r.payload.First()
	switch {
	case el.Is(nsPubSub, "subscribe"):
		return cl.subscribe(r, el)
	case el.Is(nsPubSub, "unsubscribe"):
		return cl.unsubscribe(r, el)
	case el.Is(nsPubSub, "options"):
		return withoutFeature("subscription-options")
	case !cl.owns(r):
		return refuse(stanza.Forbidden)
	case el.Is(nsPubSub, "create") && el.Attr("node") == "":
		return pubSubError(stanza.NotAcceptable, "nodeid-required") // no instant nodes (XEP-0060, 8.1.1)
	case el.Attr("node") == "":
		return errNoNodeID
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
	it, err := publishedItem(publish)
	if err != nil {
		return err
	}
	options, err := parseOptions(r.payload.Child(nsPubSub, "publish-options"))
	if err != nil {
		return err
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

// publishedItem is the one that there must be, with at most one payload
// (XEP-0060, 7.1.3). Who gives it no id is given one.
func publishedItem(publish *stanza.Element) (it pep.Item, err error) {
	el, err := onlyItem(publish)
	if err != nil {
		return it, err
	}
	payload := el.First()
	for c := range el.Children() {
		if c != payload {
			return it, pubSubError(stanza.BadRequest, "invalid-payload")
		}
	}
	it = pep.Item{ID: el.Attr("id"), XML: alone(payload)}
	if it.ID == "" {
		it.ID = rand.Text()
	}
	return it, nil
}

// onlyItem is the item that is published or retracted: several at once are not
// supported.
func onlyItem(in *stanza.Element) (*stanza.Element, error) {
	el := in.First()
	if !el.Is(nsPubSub, "item") {
		return nil, pubSubError(stanza.BadRequest, "item-required")
	}
	for c := range in.Children() {
		if c != el {
			return nil, pubSubError(stanza.NotAllowed, "max-items-exceeded")
		}
	}
	return el, nil
}

// retract is XEP-0060, 7.2. It is always shown, as if notify were asked for.
func (cl *client) retract(r *request, retract *stanza.Element) error {
	el, err := onlyItem(retract)
	if err != nil {
		return err
	}
	id := el.Attr("id")
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
