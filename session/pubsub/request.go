package pubsub

import (
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/pep"
	"github.com/rollcall-xmpp/rollcall/session/roster"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// The namespaces of requests, of which each is a <pubsub/> (XEP-0060).
const (
	NS      = "http://jabber.org/protocol/pubsub"
	NSOwner = NS + "#owner"
)

// Identity is what an account is besides, to those who discover it (XEP-0163, 6.1),
// and Features what it has for them.
const Identity = "<identity category='pubsub' type='pep'/>"

// Features lists those of an account that publishes, in a slice of the caller's.
func Features() []string {
	list := []string{
		"access-open", "access-presence", "access-roster", "access-whitelist", "auto-create", "auto-subscribe",
		"config-node", "config-node-max", "create-and-configure", "create-nodes", "delete-items", "delete-nodes",
		"filtered-notifications", "item-ids", "last-published", "manage-subscriptions", "member-affiliation",
		"modify-affiliations", "multi-items", "outcast-affiliation", "persistent-items", "presence-notifications",
		"publish", "publish-options", "purge-nodes", "retract-items", "retrieve-affiliations", "retrieve-default",
		"retrieve-items", "retrieve-subscriptions", "subscribe",
	}
	for i, name := range list {
		list[i] = NS + "#" + name
	}
	return append(list, NS)
}

// A Request is one for the nodes of an account, by a session on a served domain.
type Request struct {
	From    events.JID           // the session, by its full JID
	Owner   events.JID           // the account whose nodes it is about, bare
	Set     bool                 // a get otherwise
	Payload *stanza.Element      // <pubsub/> of NS or NSOwner; not kept
	After   events.Position      // the session's newest event; whoever is shown what it has done has seen that
	Most    int                  // bytes that the session's account may keep
	Answer  func(payload string) // takes the result's payload, XML that may be empty
}

// Handle answers a request. It calls Answer once, and only then shows others what
// the request has changed, the asking client included; or it returns an error, and
// nothing has changed. See [Refusal] for what to make of it.
func (s *Service) Handle(r Request) error {
	q := &request{Request: r, srv: s, account: r.From.Bare()}
	if q.owns() {
		q.Owner = q.account // which is not in the memory of a stanza
	}
	switch owner := r.Payload.Space() == NSOwner; {
	case owner && r.Set:
		return q.ownerSet()
	case owner:
		return q.ownerGet()
	case r.Set:
		return q.set()
	}
	return q.get()
}

// A request is a Request that is being handled.
type request struct {
	Request
	srv     *Service
	account events.JID // of the session that asks
}

// owns reports a request to the session's own account.
func (r *request) owns() bool { return r.Owner == r.account }

// known is the roster of the account that asks, as it is known here.
func (r *request) known() *roster.Roster { return r.srv.cfg.Rosters.Known(r.account) }

// view is what the account that asks may see.
func (r *request) view() *view { return r.srv.viewOf(r.account, r.known(), r.Owner) }

// change changes what the owner keeps.
func (r *request) change(by func(*pep.Store) (*pep.Store, error)) (*pep.Store, error) {
	if r.owns() {
		by = pep.Within(r.Most, by)
	}
	return r.srv.change(r.Owner, by)
}

// readable finds the node that is named, if the account that asks may read it.
func (r *request) readable(named *stanza.Element) (*pep.Node, error) {
	return r.srv.readable(r.account, r.Owner, named.Attr("node"))
}

// done answers a request that has nothing to give but that it was carried out.
func (r *request) done() error {
	r.Answer("")
	return nil
}

func eventKey(el *stanza.Element) pep.Key { return pep.Key{Kind: pep.Event, Name: el.Attr("node")} }

// get answers whoever wants items, or asks what it may do.
func (r *request) get() error {
	el := r.Payload.First()
	switch {
	case el.Is(NS, "items"):
		return r.items(el)
	case el.Is(NS, "affiliations"):
		return r.ownAffiliations(el)
	case el.Is(NS, "subscriptions"):
		return r.ownSubscriptions(el)
	case el.Is(NS, "default"), el.Is(NS, "options"):
		return withoutFeature("subscription-options")
	}
	return refuse(stanza.FeatureNotImplemented)
}

// set is what a subscriber does, and an owner with items.
func (r *request) set() error {
	el := r.Payload.First()
	switch {
	case el.Is(NS, "subscribe"):
		return r.subscribe(el)
	case el.Is(NS, "unsubscribe"):
		return r.unsubscribe(el)
	case el.Is(NS, "options"):
		return withoutFeature("subscription-options")
	case !r.owns():
		return refuse(stanza.Forbidden)
	case el.Is(NS, "create") && el.Attr("node") == "":
		return appError(stanza.NotAcceptable, "nodeid-required") // no instant nodes (XEP-0060, 8.1.1)
	case el.Attr("node") == "":
		return errNoNodeID
	case el.Is(NS, "publish"):
		return r.publish(el)
	case el.Is(NS, "retract"):
		return r.retract(el)
	case el.Is(NS, "create"):
		return r.configure(eventKey(el), r.Payload.Child(NS, "configure"), true)
	}
	return refuse(stanza.FeatureNotImplemented)
}
