package c2s

import (
	"crypto/rand"

	"rollcall/events"
	"rollcall/session/pep"
	"rollcall/session/stanza"
)

// Notifications of personal eventing: XEP-0163, 4. They are sent to the
// sessions of all who may see the node; each session's connector, which knows
// its client's capabilities (clientcaps.go), gives the client those that it
// asks for.

// notify shows what has become of items of a node.
func (cl *client) notify(n *pep.Node, what []byte) {
	cl.notifyWhole(n, itemsEvent(n, what))
}

func itemsEvent(n *pep.Node, what []byte) []byte {
	b := append(stanza.AppendAttr([]byte("<items"), "node", n.Name), '>')
	return append(append(b, what...), "</items>"...)
}

// notifyWhole shows what has become of a node: to the account's own resources,
// and to those who get its presence unless the node is not for them.
func (cl *client) notifyWhole(n *pep.Node, event []byte) {
	cl.sendEvent(cl.account, event)
	if n.Access == pep.Whitelist {
		return
	}
	for contact := range cl.home.current().Watchers() {
		if contact != cl.account && !cl.srv.blocks.between(cl.account, contact) {
			cl.sendEvent(contact, event)
		}
	}
}

// sendEvent sends an event to all available resources of an account.
func (cl *client) sendEvent(to events.JID, event []byte) {
	if list := cl.srv.cfg.Table.Account(to).Available(); len(list) > 0 {
		b := eventMessage(cl.account, to, event)
		cl.srv.deliver(parcel{hops: maxHops, event: true, after: cl.after, stanza: b}, list)
	}
}

func eventMessage(from, to events.JID, event []byte) []byte {
	b := stanza.AppendAttr([]byte("<message"), "from", from.String())
	b = stanza.AppendAttr(b, "to", to.String())
	b = append(stanza.AppendAttr(b, "id", rand.Text()), " type='headline'><event xmlns='"+nsPubSubEvent+"'>"...)
	return append(append(b, event...), "</event></message>"...)
}

func isEvent(message *stanza.Element) bool {
	return message.Type() == "headline" && message.Child(nsPubSubEvent, "event") != nil
}

// wantsEvent reports that the client asks for the events of the node that the
// message is about. Own events go also to a client that has not said what it
// wants.
func (cl *client) wantsEvent(message *stanza.Element) bool {
	wanted := cl.wanted.Load()
	if wanted == nil {
		return message.Attr("from") == cl.account.String()
	}
	return (*wanted)[message.Child(nsPubSubEvent, "event").First().Attr("node")]
}

// maxGreeted bounds the contacts whose last items a client is shown when it
// comes: each costs a read.
const maxGreeted = 500

// showLast shows the last items of the nodes that the client has just asked for
// (XEP-0163, 4.3.4): its own account's, and its contacts'.
func (cl *client) showLast(wanted map[string]bool) {
	if len(wanted) == 0 || cl.srv.cfg.Private == nil {
		return
	}
	cl.showLastOf(cl.account, wanted)
	n := 0
	for contact := range cl.home.current().Watched() {
		if n++; n > maxGreeted {
			return
		}
		if contact != cl.account && !cl.srv.blocks.between(cl.account, contact) {
			cl.showLastOf(contact, wanted)
		}
	}
}

func (cl *client) showLastOf(owner events.JID, wanted map[string]bool) {
	s, err := cl.srv.stored(owner)
	if err != nil {
		cl.srv.cfg.Logger.Warn("last items not shown", "account", owner.String(), "error", err)
		return
	}
	for n := range s.Nodes(pep.Event) {
		mayRead := owner == cl.account || n.Access != pep.Whitelist
		if !wanted[n.Name] || !mayRead || n.Silent || len(n.Items) == 0 {
			continue
		}
		last := n.Items[len(n.Items)-1]
		cl.send(eventMessage(owner, cl.account, itemsEvent(n, appendItemElement(nil, last))))
	}
}
