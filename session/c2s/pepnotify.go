package c2s

import (
	"context"
	"crypto/rand"
	"slices"

	"rollcall/events"
	"rollcall/session"
	"rollcall/session/delivery"
	"rollcall/session/pep"
	"rollcall/session/roster"
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

// notifyWhole shows what has become of a node: to its subscribers, and to the
// account's own resources and those of who gets its presence, as far as they may
// read the node.
func (cl *client) notifyWhole(n *pep.Node, event []byte) {
	owners, err := cl.srv.upToDate(cl.account)
	if err != nil {
		owners = cl.home.current()
		cl.srv.cfg.Logger.Warn("who has just come may not be shown an event", "account", cl.account.String(), "error", err)
	}
	shown := cl.showSubscribers(n, owners, event)
	list := slices.Clone(cl.srv.cfg.Table.Account(cl.account).Available())
	for contact := range owners.Watchers() {
		if contact != cl.account && cl.srv.hears(cl.account, owners, n, contact) {
			list = append(list, cl.srv.cfg.Table.Account(contact).Available()...)
		}
	}
	list = slices.DeleteFunc(list, func(t *session.Session) bool { return shown[t.ID] })
	cl.srv.sendWanted(cl.account, list, cl.sender.After, event)
}

// upToDate brings what is known here of sessions, and of an account's roster, up
// to now. Whoever becomes available, or begins to watch, reads the account's
// document after that is in the log, or in the roster. So who does not read what
// was stored before upToDate was called is known here when it returns.
func (s *Server) upToDate(account events.JID) (*roster.Roster, error) {
	ctx, cancel := context.WithTimeout(context.Background(), delivery.CatchUp)
	defer cancel()
	if svc := s.service.Load(); svc != nil {
		log, err := svc.Log().Info(ctx)
		if err == nil {
			err = s.cfg.Table.WaitFor(ctx, events.Position{Stream: log.Stream, Seq: log.Last})
		}
		if err != nil {
			return nil, err
		}
	}
	return s.readRoster(ctx, account)
}

// showSubscribers shows an event to the node's explicit subscribers, and returns
// their sessions. Those by full JID come first, as they are to be addressed by it
// (XEP-0163, 4.3.2), and each session is shown the event once.
func (cl *client) showSubscribers(n *pep.Node, owners *roster.Roster, event []byte) map[events.SessionID]bool {
	shown := map[events.SessionID]bool{}
	for _, text := range slices.Backward(n.Subscribers) { // a bare JID is before its full ones
		jid := events.StoredJID(text)
		if !cl.srv.hears(cl.account, owners, n, jid) {
			continue
		}
		list := slices.DeleteFunc(cl.srv.subscribed(jid), func(t *session.Session) bool { return shown[t.ID] })
		for _, t := range list {
			shown[t.ID] = true
		}
		cl.srv.sendEvent(cl.account, jid, list, cl.sender.After, event)
	}
	return shown
}

// subscribed are the sessions that a subscribed JID stands for, as for a headline
// (RFC 6121, 8.5.2.1.1 and 8.5.3). The list is the caller's.
func (s *Server) subscribed(jid events.JID) []*session.Session {
	c := delivery.Case{To: jid, Kind: delivery.Headline, Account: s.router.Reachable(jid.Bare())}
	return slices.Clone(delivery.Decide(c).Targets)
}

// sendTo sends an event to a subscriber.
func (s *Server) sendTo(from, to events.JID, after events.Position, event []byte) {
	s.sendEvent(from, to, s.subscribed(to), after, event)
}

// sendEvent sends an event to sessions of a subscriber, whatever they ask for.
func (s *Server) sendEvent(from, to events.JID, list []*session.Session, after events.Position, event []byte) {
	if list = s.unblocked(from, list); len(list) > 0 {
		s.router.SendEvent(from, list, after, addressed(eventMessage(from, event), to), false)
	}
}

// sendWanted sends an event to those sessions of any accounts whose clients ask
// for it, after what there is in the log up to a position.
func (s *Server) sendWanted(from events.JID, list []*session.Session, after events.Position, event []byte) {
	if list = s.unblocked(from, list); len(list) > 0 {
		s.router.SendEvent(from, list, after, eventMessage(from, event), true)
	}
}

// unblocked are the sessions between which and an account nobody blocks anybody.
func (s *Server) unblocked(account events.JID, list []*session.Session) []*session.Session {
	blocked := func(t *session.Session) bool { return s.blocks.between(account, t.JID) }
	if !slices.ContainsFunc(list, blocked) {
		return list
	}
	return slices.DeleteFunc(slices.Clone(list), blocked)
}

// eventMessage has no address yet: it is one for many.
func eventMessage(from events.JID, event []byte) []byte {
	b := stanza.AppendAttr([]byte(messageName), "from", from.String())
	b = append(stanza.AppendAttr(b, "id", rand.Text()), " type='headline'><event xmlns='"+stanza.NSPubSubEvent+"'>"...)
	return append(append(b, event...), "</event></message>"...)
}

const messageName = "<message"

// addressed is a message of eventMessage for one recipient.
func addressed(message []byte, to events.JID) []byte {
	b := make([]byte, 0, len(message)+len(to.String())+16)
	b = stanza.AppendAttr(append(b, messageName...), "to", to.String())
	return append(b, message[len(messageName):]...)
}

// wantedEvent is an event as the session here gets it, nil if its client does not
// ask for it.
func (s *Server) wantedEvent(id events.SessionID, message *stanza.Element) []byte {
	cl := s.hub.client(id)
	if cl == nil || !cl.wantsEvent(message) {
		return nil
	}
	return addressed([]byte(message.Raw()), cl.account)
}

// wantsEvent reports that the client asks for the events of the node that the
// message is about. Own events go also to a client that has not said what it
// wants.
func (cl *client) wantsEvent(message *stanza.Element) bool {
	wanted := cl.wanted.Load()
	if wanted == nil {
		return message.Attr("from") == cl.account.String()
	}
	return (*wanted)[message.Child(stanza.NSPubSubEvent, "event").First().Attr("node")]
}
