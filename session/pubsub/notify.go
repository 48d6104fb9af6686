package pubsub

import (
	"context"
	"crypto/rand"
	"slices"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/delivery"
	"github.com/rollcall-xmpp/rollcall/session/pep"
	"github.com/rollcall-xmpp/rollcall/session/roster"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// Notifications of personal eventing: XEP-0163, 4. They are sent to the
// sessions of all that may see the node; each session's connector, which knows
// what its client asks for (listener.go), gives the client that.

// notify shows what has become of items of a node.
func (r *request) notify(n *pep.Node, what []byte) {
	r.notifyWhole(n, itemsEvent(n, what))
}

func itemsEvent(n *pep.Node, what []byte) []byte {
	b := append(stanza.AppendAttr([]byte("<items"), "node", n.Name), '>')
	return append(append(b, what...), "</items>"...)
}

// notifyWhole shows what has become of a node: to its subscribers, and to the
// account's own resources and those of contacts that get its presence, as far as
// they may read the node.
func (r *request) notifyWhole(n *pep.Node, event []byte) {
	owners, err := r.srv.upToDate(r.account)
	if err != nil {
		owners = r.known()
		r.srv.cfg.Logger.Warn("clients that have just come may not be shown an event", "account", r.account.String(), "error", err)
	}
	shown := r.showSubscribers(n, owners, event)
	list := slices.Clone(r.srv.cfg.Table.Account(r.account).Available())
	for contact := range owners.Watchers() {
		if contact != r.account && r.srv.hears(r.account, owners, n, contact) {
			list = append(list, r.srv.cfg.Table.Account(contact).Available()...)
		}
	}
	list = slices.DeleteFunc(list, func(t *session.Session) bool { return shown[t.ID] })
	r.srv.sendWanted(r.account, list, r.After, event)
}

// upToDate brings what is known here of sessions, and of an account's roster, up
// to now. Whoever becomes available, or begins to watch, reads the account's
// document after that is in the log, or in the roster. So anybody who does not
// read what was stored before upToDate was called is known here when it returns.
func (s *Service) upToDate(account events.JID) (*roster.Roster, error) {
	ctx, cancel := context.WithTimeout(context.Background(), delivery.CatchUp)
	defer cancel()
	if err := s.cfg.Delivery.Sync(ctx); err != nil {
		return nil, err
	}
	return s.cfg.Rosters.Read(ctx, account)
}

// showSubscribers shows an event to the node's explicit subscribers, and returns
// their sessions. Those by full JID come first, as they are to be addressed by it
// (XEP-0163, 4.3.2), and each session is shown the event once.
func (r *request) showSubscribers(n *pep.Node, owners *roster.Roster, event []byte) map[events.SessionID]bool {
	shown := map[events.SessionID]bool{}
	for _, text := range slices.Backward(n.Subscribers) { // a bare JID is before its full ones
		jid := events.StoredJID(text)
		if !r.srv.hears(r.account, owners, n, jid) {
			continue
		}
		list := slices.DeleteFunc(r.srv.subscribed(jid), func(t *session.Session) bool { return shown[t.ID] })
		for _, t := range list {
			shown[t.ID] = true
		}
		r.srv.sendEvent(r.account, jid, list, r.After, event)
	}
	return shown
}

// subscribed are the sessions that a subscribed JID stands for, as for a headline
// (RFC 6121, 8.5.2.1.1 and 8.5.3). The list is the caller's.
func (s *Service) subscribed(jid events.JID) []*session.Session {
	c := delivery.Case{To: jid, Kind: delivery.Headline, Account: s.cfg.Delivery.Reachable(jid.Bare())}
	return slices.Clone(delivery.Decide(c).Targets)
}

// sendTo sends an event to a subscriber.
func (s *Service) sendTo(from, to events.JID, after events.Position, event []byte) {
	s.sendEvent(from, to, s.subscribed(to), after, event)
}

// sendEvent sends an event to sessions of a subscriber, whatever they ask for.
func (s *Service) sendEvent(from, to events.JID, list []*session.Session, after events.Position, event []byte) {
	if list = s.unblocked(from, list); len(list) > 0 {
		s.cfg.Delivery.SendEvent(from, list, after, addressed(eventMessage(from, event), to), false)
	}
}

// sendWanted sends an event to those sessions of any accounts whose clients ask
// for it, after everything that is in the log up to a position.
func (s *Service) sendWanted(from events.JID, list []*session.Session, after events.Position, event []byte) {
	if list = s.unblocked(from, list); len(list) > 0 {
		s.cfg.Delivery.SendEvent(from, list, after, eventMessage(from, event), true)
	}
}

// unblocked are the sessions between which and an account nobody blocks anybody.
func (s *Service) unblocked(account events.JID, list []*session.Session) []*session.Session {
	blocked := func(t *session.Session) bool { return s.cfg.Blocked(account, t.JID()) }
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
