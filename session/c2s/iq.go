package c2s

import (
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/roles"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// Requests: RFC 6120, 8.2.3 and RFC 6121, 8.5.

// iq routes or answers one. Every get and set is answered exactly once.
func (cl *client) iq(iq *stanza.Element, to events.JID) error {
	switch iq.Type() {
	case "get", "set":
		payload := payloadOf(iq)
		if payload == nil {
			return refuse(stanza.BadRequest)
		}
		return cl.request(iq, payload, to)
	case "result", "error":
		// Answers to pushes need nothing, and one that finds nobody has no answer.
		cl.listener.Answered(iq)
		if to.IsZero() || to.IsBare() {
			return nil
		}
		return cl.sender.Send(iq, to)
	}
	return refuse(stanza.BadRequest)
}

// payloadOf is what a get or a set asks, nil if it lacks an id or does not have
// just one payload (RFC 6120, 8.2.3, rules 1 and 4).
func payloadOf(iq *stanza.Element) *stanza.Element {
	first := iq.First()
	for c := range iq.Children() {
		if c != first {
			return nil
		}
	}
	if iq.ID() == "" {
		return nil
	}
	return first
}

// children counts the elements in one.
func children(el *stanza.Element) (n int) {
	for range el.Children() {
		n++
	}
	return n
}

// request answers or routes one. Without an address it is for the client's own
// account (RFC 6120, 10.3.3), or for the server, where the account has no answer:
// many clients mean it.
func (cl *client) request(iq, payload *stanza.Element, to events.JID) error {
	at, unnamed := atServer, to.IsZero()
	switch {
	case unnamed:
		at, to = atOwn, cl.account
	case to == cl.account:
		at = atOwn
	case !cl.srv.router.Served(to.Domain()):
		return refuse(stanza.RemoteServerNotFound)
	case to.Local() != "" && to.IsBare():
		at = atOthers
	case to.Local() != "":
		if err := cl.mayReach(to, roles.Request); err != nil {
			return err
		}
		if payload.Is(stanza.NSLastActivity, "query") && !cl.resource.Watches(to.Bare()) {
			return refuse(stanza.Forbidden) // XEP-0012, 4: it may not even be asked
		}
		return cl.sender.Send(iq, to)
	}
	handle, needs, err := cl.srv.offer.answer(at, iq, payload)
	if err != nil && unnamed {
		to = events.StoredJID(cl.account.Domain())
		handle, needs, err = cl.srv.offer.answer(atServer, iq, payload)
	}
	if err == nil && at == atOthers {
		err = cl.needs(roles.Request)
	}
	if err == nil && needs != 0 {
		err = cl.needs(needs)
	}
	if err != nil {
		return err
	}
	if iq.Type() == "set" {
		cl.limiter.beforeChange()
	}
	return handle(cl, &request{iq: iq, payload: payload, to: to})
}

// result answers a request.
func (cl *client) result(iq *stanza.Element, payload string) {
	cl.send(stanza.AppendResult(nil, iq, payload, stanza.Stamp{To: cl.full}))
}

// done answers a request that has nothing to give but that it was carried out.
func (cl *client) done(r *request) error {
	cl.result(r.iq, "")
	return nil
}

// never answers what may no longer be asked for.
func never(*client, *request) error { return refuse(stanza.NotAllowed) }

// The requests of RFC 6120 and 6121.
var (
	binding = extension{requests: []answer{
		{space: stanza.NSBind, local: "bind", at: atOwn | atServer, set: never}, // RFC 6120, 7.1: one resource a stream
		{space: stanza.NSSession, local: "session", at: atOwn | atServer, set: (*client).done},
	}}
	pinging = extension{ // XEP-0199
		features: []string{stanza.NSPing},
		requests: []answer{{space: stanza.NSPing, local: "ping", at: atServer | atOwn, get: (*client).done}},
	}
	offlineMessages = extension{ // XEP-0160
		features: []string{"msgoffline"},
		on:       func(c *Config) bool { return c.Offline != nil },
	}
)
