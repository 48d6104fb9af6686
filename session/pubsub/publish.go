package pubsub

import (
	"crypto/rand"
	"errors"

	"github.com/rollcall-xmpp/rollcall/session/pep"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// What an owner does with items: XEP-0060, 7.

// publish is XEP-0060, 7.1: one item, with options or without.
func (r *request) publish(publish *stanza.Element) error {
	it, err := publishedItem(publish)
	if err != nil {
		return err
	}
	options, err := parseOptions(r.Payload.Child(NS, "publish-options"))
	if err != nil {
		return err
	}
	k := eventKey(publish)
	s, err := r.change(func(s *pep.Store) (*pep.Store, error) { return s.Publish(k, it, options) })
	if errors.Is(err, pep.ErrConfig) {
		return appError(stanza.Conflict, "precondition-not-met")
	}
	if err != nil {
		return err
	}
	b := stanza.AppendAttr([]byte("<pubsub xmlns='"+NS+"'><publish"), "node", k.Name)
	b = stanza.AppendAttr(append(b, "><item"...), "id", it.ID)
	r.Answer(string(append(b, "/></publish></pubsub>"...)))
	r.notify(s.Node(k), appendItemElement(nil, it))
	return nil
}

// publishedItem is the one that there must be, with at most one payload
// (XEP-0060, 7.1.3). A client that gives it no id is given one.
func publishedItem(publish *stanza.Element) (it pep.Item, err error) {
	el, err := onlyItem(publish)
	if err != nil {
		return it, err
	}
	payload := el.First()
	for c := range el.Children() {
		if c != payload {
			return it, appError(stanza.BadRequest, "invalid-payload")
		}
	}
	it = pep.Item{ID: el.Attr("id"), XML: payload.Alone()}
	if it.ID == "" {
		it.ID = rand.Text()
	}
	return it, nil
}

// onlyItem is the item that is published or retracted: several at once are not
// supported.
func onlyItem(in *stanza.Element) (*stanza.Element, error) {
	el := in.First()
	if !el.Is(NS, "item") {
		return nil, appError(stanza.BadRequest, "item-required")
	}
	for c := range in.Children() {
		if c != el {
			return nil, appError(stanza.NotAllowed, "max-items-exceeded")
		}
	}
	return el, nil
}

// retract is XEP-0060, 7.2. It is always shown, as if notify were asked for.
func (r *request) retract(retract *stanza.Element) error {
	el, err := onlyItem(retract)
	if err != nil {
		return err
	}
	id := el.Attr("id")
	if id == "" {
		return appError(stanza.BadRequest, "item-required")
	}
	k := eventKey(retract)
	s, err := r.change(func(s *pep.Store) (*pep.Store, error) { return s.Retract(k, id) })
	if err != nil {
		return err
	}
	r.Answer("")
	b := stanza.AppendAttr([]byte("<retract"), "id", id)
	r.notify(s.Node(k), append(b, "/>"...))
	return nil
}
