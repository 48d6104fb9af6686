package c2s

import (
	"strconv"

	"rollcall/events"
	"rollcall/session/pep"
	"rollcall/session/stanza"
)

// What there is to read of an account: its nodes (XEP-0060, 5.2), what each of
// them is (5.3) and has (5.5), and the items (6.5).

// owner is the account that a request is to.
func (cl *client) owner(r *request) events.JID {
	if cl.owns(r) {
		return cl.account
	}
	return r.to
}

// readable finds a node of the account that is asked, if the client may read
// it.
func (cl *client) readable(r *request, k pep.Key) (*pep.Node, error) {
	owner := cl.owner(r)
	s, err := cl.srv.stored(owner)
	if err != nil {
		return nil, err
	}
	n := s.Node(k)
	if n == nil {
		return nil, pep.ErrNoNode
	}
	return n, cl.viewOf(owner).refuses(n)
}

// items is XEP-0060, 6.5.
func (cl *client) items(r *request, items *stanza.Element) error {
	if items.Attr("node") == "" {
		return errNoNodeID
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

// wantedItems are those that are named, each once, the newest as many as are
// asked for, or all; the oldest first.
func wantedItems(n *pep.Node, items *stanza.Element) (list []pep.Item, err error) {
	if items.First() == nil {
		return newestItemsOf(n.Items, items.Attr("max_items"))
	}
	named := map[string]bool{}
	for el := range items.Children() {
		id := el.Attr("id")
		if _, ok := n.Find(id); !ok {
			return nil, pep.ErrNoItem
		}
		named[id] = true
	}
	for _, it := range n.Items {
		if named[it.ID] {
			list = append(list, it)
		}
	}
	return list, nil
}

// newestItemsOf are as many as max_items says (XEP-0060, 6.5.7), all if it says
// nothing.
func newestItemsOf(all []pep.Item, most string) ([]pep.Item, error) {
	if most == "" {
		return all, nil
	}
	k, err := strconv.ParseUint(most, 10, 31)
	if err != nil {
		return nil, refuse(stanza.BadRequest)
	}
	return all[max(len(all)-int(k), 0):], nil
}

// appendItemElement writes an item as it is published, found and shown.
func appendItemElement(b []byte, it pep.Item) []byte {
	b = append(stanza.AppendAttr(append(b, "<item"...), "id", it.ID), '>')
	return append(append(b, it.XML...), "</item>"...)
}

// nodes lists what disco#items says of an account (XEP-0060, 5.2), as far as
// the client may read it.
func (cl *client) nodes(owner events.JID) (b []byte, err error) {
	s, err := cl.srv.stored(owner)
	if err != nil {
		return nil, err
	}
	v := cl.viewOf(owner)
	for n := range s.Nodes(pep.Event) {
		if v.refuses(n) == nil {
			b = stanza.AppendAttr(append(b, "<item"...), "jid", owner.String())
			b = append(stanza.AppendAttr(b, "node", n.Name), "/>"...)
		}
	}
	return b, nil
}

// nodeInfo says what a node is (XEP-0060, 5.3).
func (cl *client) nodeInfo(r *request) error {
	return cl.describe(r, func(n *pep.Node) []byte {
		return []byte("<identity category='pubsub' type='leaf'/><feature var='" + stanza.NSDiscoInfo + "'/><feature var='" + nsPubSub + "'/>")
	})
}

// nodeItems says what a node has (XEP-0060, 5.5).
func (cl *client) nodeItems(r *request) error {
	owner := cl.owner(r).String()
	return cl.describe(r, func(n *pep.Node) (b []byte) {
		for _, it := range n.Items {
			b = stanza.AppendAttr(append(b, "<item"...), "jid", owner)
			b = append(stanza.AppendAttr(b, "name", it.ID), "/>"...)
		}
		return b
	})
}

// describe answers disco about a node that the client may read. The server has
// none.
func (cl *client) describe(r *request, say func(*pep.Node) []byte) error {
	if r.to.Local() == "" || !storesThings(&cl.srv.cfg) {
		return refuse(stanza.ItemNotFound)
	}
	n, err := cl.readable(r, eventKey(r.payload))
	if err != nil {
		return err
	}
	cl.result(r.iq, string(append(append(appendDisco(nil, r), say(n)...), "</query>"...)))
	return nil
}
