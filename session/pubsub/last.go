package pubsub

import (
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/pep"
	"github.com/rollcall-xmpp/rollcall/session/roster"
)

// Last items: XEP-0163, 4.3.4. A client is shown those of its account and its
// contacts when it says what it wants, and those of a contact when it begins to
// get that one's presence. A subscriber is shown a node's at once
// (subscriptions.go).

// ShowLast shows the last items of an account to somebody who gets its
// presence from now on (XEP-0163, 4.3.4).
func (s *Service) ShowLast(owner, watcher events.JID) {
	if s.cfg.Documents == nil {
		return
	}
	owners, err := s.upToDate(owner)
	list := s.cfg.Table.Account(watcher).Available()
	var all *pep.Store
	if err == nil && len(list) > 0 {
		all, err = s.stored(owner)
	}
	if err != nil {
		s.cfg.Logger.Warn("last items not shown", "account", owner.String(), "error", err)
		return
	}
	for n := range all.Newest(pep.MaxBytes).Nodes(pep.Event) {
		if n.Admit(readerIn(owners, watcher)) == nil {
			s.sendWanted(owner, list, events.Position{}, lastEvent(n))
		}
	}
}

// maxGreeted bounds the accounts that are read when a client comes, because what
// they have published last is not kept (newest.go). It is not shown the last
// items of others.
const maxGreeted = 1_000

// showLast shows the last items of the nodes that the client has just asked for
// (XEP-0163, 4.3.4): its own account's, and its contacts'.
func (l *Listener) showLast(wanted map[string]bool) {
	if len(wanted) == 0 {
		return
	}
	own := l.srv.cfg.Rosters.Known(l.account)
	g := greeting{Listener: l, own: own, nodes: wanted, keeps: l.srv.keepsNewest(), reads: maxGreeted}
	g.show(l.account)
	for contact := range own.Watched() {
		if contact != l.account && !l.srv.cfg.Blocked(l.jid, contact) {
			g.show(contact)
		}
	}
}

// A greeting shows last items to a client.
type greeting struct {
	*Listener
	own   *roster.Roster  // the account's
	nodes map[string]bool // that are wanted
	keeps bool            // what is kept is as good as what would be read
	reads int             // that are left
}

// show shows what the client wants of an account, and may read.
func (g *greeting) show(owner events.JID) {
	var nodes []*pep.Node
	whole := false
	if kept := g.srv.newest.get(owner); g.keeps && kept != nil {
		nodes, whole = g.choose(owner, kept)
	}
	if !whole && g.reads > 0 {
		g.reads--
		all, err := g.srv.readNewest(owner)
		if err != nil {
			g.srv.cfg.Logger.Warn("last items not shown", "account", owner.String(), "error", err)
			return
		}
		nodes, _ = g.choose(owner, all)
	}
	for _, n := range nodes {
		if len(n.Items) > 0 {
			g.send(addressed(eventMessage(owner, lastEvent(n)), g.account))
		}
	}
}

// choose finds the nodes to show. It reports whether they have their items: what
// is kept lacks those that are large.
func (g *greeting) choose(owner events.JID, s *pep.Store) (nodes []*pep.Node, whole bool) {
	v, whole := g.srv.viewOf(g.account, g.own, owner), true
	for n := range s.Nodes(pep.Event) {
		if g.nodes[n.Name] && !n.Silent && v.refuses(n) == nil {
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
