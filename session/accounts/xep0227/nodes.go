package xep0227

import (
	"errors"
	"fmt"

	"github.com/rollcall-xmpp/rollcall/session/accounts/bundle"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// nodes are those of an account as far as they were read: their configurations are in one
// element, their items in another.
type nodes struct {
	list   []*bundle.Node // in their order
	byName map[string]*bundle.Node
}

func newNodes() *nodes { return &nodes{byName: map[string]*bundle.Node{}} }

func (ns *nodes) of(el *stanza.Element) *bundle.Node {
	name := el.Attr("node")
	n := ns.byName[name]
	if n == nil {
		n = &bundle.Node{Name: name, Settings: map[string][]string{}}
		ns.byName[name] = n
		ns.list = append(ns.list, n)
	}
	return n
}

// read takes a pubsub element of either namespace.
func (ns *nodes) read(b *bundle.Bundle, pubsub *stanza.Element) {
	for el := range pubsub.Children() {
		n := ns.of(el)
		switch el.Local() {
		case "configure":
			readForm(n, el.Child(nsForms, "x"))
		case "affiliations":
			for a := range el.Children() {
				n.Affiliates = append(n.Affiliates, bundle.Affiliate{JID: a.Attr("jid"), Affiliation: a.Attr("affiliation")})
			}
		case "subscriptions":
			for s := range el.Children() {
				// Prosody calls the state by another name than XEP-0060 does.
				if state := s.Attr("subscription") + s.Attr("subscribed"); state == "subscribed" {
					n.Subscribers = append(n.Subscribers, s.Attr("jid"))
				}
			}
		case "items":
			for it := range el.Children() {
				n.Items = append(n.Items, bundle.Item{ID: it.Attr("id"), Payload: it.First()})
			}
		default:
			b.Leave(fmt.Sprintf("node %s: <%s>", n.Name, el.Local()), errors.New("there is no place for it"))
		}
	}
}

// readForm reads the fields that have a value.
func readForm(n *bundle.Node, form *stanza.Element) {
	const prefix = "pubsub#"
	for f := range form.Children() {
		name := f.Attr("var")
		if len(name) <= len(prefix) || name[:len(prefix)] != prefix {
			continue
		}
		var values []string
		for v := range f.Children() {
			if v.Is(nsForms, "value") {
				values = append(values, v.Text())
			}
		}
		n.Settings[name[len(prefix):]] = values
	}
}
