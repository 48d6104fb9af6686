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
// and to those who get its presence as far as they may read the node.
func (cl *client) notifyWhole(n *pep.Node, event []byte) {
	cl.srv.sendEvent(cl.account, cl.account, cl.after, event)
	r := cl.home.current()
	for contact := range r.Watchers() {
		if contact != cl.account && !cl.srv.blocks.between(cl.account, contact) && n.Admit(readerIn(r, contact)) == nil {
			cl.srv.sendEvent(cl.account, contact, cl.after, event)
		}
	}
}

// showNewWatcher shows the last items of an account to somebody who gets its
// presence from now on (XEP-0163, 4.3.4).
func (s *Server) showNewWatcher(owner, watcher events.JID) {
	if !storesThings(&s.cfg) || len(s.cfg.Table.Account(watcher).Available()) == 0 {
		return
	}
	all, err := s.stored(owner)
	if err != nil {
		s.cfg.Logger.Warn("last items not shown", "account", owner.String(), "error", err)
		return
	}
	r, err := s.rosterOf(owner)
	if err != nil {
		s.cfg.Logger.Warn("last items not shown", "account", owner.String(), "error", err)
		return
	}
	for n := range all.Newest(pep.MaxBytes).Nodes(pep.Event) {
		if n.Admit(readerIn(r, watcher)) == nil {
			s.sendEvent(owner, watcher, events.Position{}, lastEvent(n))
		}
	}
}

// sendEvent sends an event to all available resources of an account, after what
// there is in the log up to a position.
func (s *Server) sendEvent(from, to events.JID, after events.Position, event []byte) {
	if list := s.cfg.Table.Account(to).Available(); len(list) > 0 {
		p := parcel{final: true, event: true, lane: laneOf(from), after: after, stanza: eventMessage(from, to, event)}
		s.deliver(p, list, nil)
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

// maxGreeted bounds the accounts that are read when a client comes, because what
// they have published last is not kept (pepnewest.go). It is not shown the last
// items of others.
const maxGreeted = 1_000

// showLast shows the last items of the nodes that the client has just asked for
// (XEP-0163, 4.3.4): its own account's, and its contacts'.
func (cl *client) showLast(wanted map[string]bool) {
	if len(wanted) == 0 || cl.srv.cfg.Private == nil {
		return
	}
	g := greeting{cl: cl, wanted: wanted, keeps: cl.srv.keepsNewest(), reads: maxGreeted}
	g.show(cl.account)
	for contact := range cl.home.current().Watched() {
		if contact != cl.account && !cl.srv.blocks.between(cl.account, contact) {
			g.show(contact)
		}
	}
}

// A greeting shows last items to a client.
type greeting struct {
	cl     *client
	wanted map[string]bool // nodes
	keeps  bool            // what is kept is as good as what would be read
	reads  int             // that are left
}

// show shows what the client wants of an account, and may read.
func (g *greeting) show(owner events.JID) {
	var nodes []*pep.Node
	whole := false
	if kept := g.cl.srv.newest.get(owner); g.keeps && kept != nil {
		nodes, whole = g.choose(owner, kept)
	}
	if !whole && g.reads > 0 {
		g.reads--
		all, err := g.cl.srv.readNewest(owner)
		if err != nil {
			g.cl.srv.cfg.Logger.Warn("last items not shown", "account", owner.String(), "error", err)
			return
		}
		nodes, _ = g.choose(owner, all)
	}
	for _, n := range nodes {
		if len(n.Items) > 0 {
			g.cl.send(eventMessage(owner, g.cl.account, lastEvent(n)))
		}
	}
}

// choose finds the nodes to show. It reports whether they have their items: what
// is kept lacks those that are large.
func (g *greeting) choose(owner events.JID, s *pep.Store) (nodes []*pep.Node, whole bool) {
	v, whole := g.cl.viewOf(owner), true
	for n := range s.Nodes(pep.Event) {
		if g.wanted[n.Name] && !n.Silent && v.refuses(n) == nil {
			nodes = append(nodes, n)
			whole = whole && len(n.Items) > 0
		}
	}
	return nodes, whole
}

// lastEvent shows the last item of a node.
func lastEvent(n *pep.Node) []byte {
	return itemsEvent(n, appendItemElement(nil, n.Items[len(n.Items)-1]))
}
