package pubsub

import (
	"strconv"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/pep"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// What there is to read of an account: its nodes (XEP-0060, 5.2), what each of
// them is (5.3) and has (5.5), and the items (6.5).

// readable finds an account's node of that name, if the reader, another account or
// the same, may read it.
func (s *Service) readable(reader, owner events.JID, name string) (*pep.Node, error) {
	all, err := s.stored(owner)
	if err != nil {
		return nil, err
	}
	n := all.Node(pep.Key{Kind: pep.Event, Name: name})
	if n == nil {
		return nil, pep.ErrNoNode
	}
	return n, s.viewOf(reader, s.cfg.Rosters.Known(reader), owner).refuses(n)
}

// items is XEP-0060, 6.5.
func (r *request) items(items *stanza.Element) error {
	if items.Attr("node") == "" {
		return errNoNodeID
	}
	n, err := r.readable(items)
	if err != nil {
		return err
	}
	list, err := wantedItems(n, items)
	if err != nil {
		return err
	}
	b := stanza.AppendAttr([]byte("<pubsub xmlns='"+NS+"'><items"), "node", n.Name)
	b = append(b, '>')
	for _, it := range list {
		b = appendItemElement(b, it)
	}
	r.Answer(string(append(b, "</items></pubsub>"...)))
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

// Nodes lists what disco#items says of an account (XEP-0060, 5.2), as far as the
// reader, an account, may read it.
func (s *Service) Nodes(reader, owner events.JID) (items []byte, err error) {
	all, err := s.stored(owner)
	if err != nil {
		return nil, err
	}
	v := s.viewOf(reader, s.cfg.Rosters.Known(reader), owner)
	for n := range all.Nodes(pep.Event) {
		if v.refuses(n) == nil {
			items = stanza.AppendAttr(append(items, "<item"...), "jid", owner.String())
			items = append(stanza.AppendAttr(items, "node", n.Name), "/>"...)
		}
	}
	return items, nil
}

// nodeInfo is what disco#info says of each node.
const nodeInfo = "<identity category='pubsub' type='leaf'/>" +
	"<feature var='" + stanza.NSDiscoInfo + "'/><feature var='" + NS + "'/>"

// NodeInfo is what disco#info says of a node that the reader may read (XEP-0060,
// 5.3).
func (s *Service) NodeInfo(reader, owner events.JID, name string) ([]byte, error) {
	if _, err := s.readable(reader, owner, name); err != nil {
		return nil, err
	}
	return []byte(nodeInfo), nil
}

// NodeItems is what disco#items says of a node that the reader may read (XEP-0060,
// 5.5).
func (s *Service) NodeItems(reader, owner events.JID, name string) (items []byte, err error) {
	n, err := s.readable(reader, owner, name)
	if err != nil {
		return nil, err
	}
	for _, it := range n.Items {
		items = stanza.AppendAttr(append(items, "<item"...), "jid", owner.String())
		items = append(stanza.AppendAttr(items, "name", it.ID), "/>"...)
	}
	return items, nil
}
