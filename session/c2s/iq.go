package c2s

import (
	"rollcall/session/stanza"
)

// Requests: RFC 6120, 8.2.3 and RFC 6121, 8.5.

// iq routes or answers one. Every get and set is answered exactly once.
func (cl *client) iq(iq *stanza.Element, m *mail) error {
	switch iq.Type() {
	case "get", "set":
		payload := iq.First()
		if iq.ID() == "" || payload == nil {
			return refuse(stanza.BadRequest)
		}
		for c := range iq.Children() {
			if c != payload {
				return refuse(stanza.BadRequest) // RFC 6120, 8.2.3, rule 4
			}
		}
		return cl.request(iq, payload, m)
	case "result", "error":
		// Answers to what the server asked need nothing; see Diff's pushes.
		if !m.to.IsZero() && !m.to.IsBare() {
			if s := m.resource(); s != nil {
				m.deliver(s)
			}
		}
		return nil
	}
	return refuse(stanza.BadRequest)
}

func (cl *client) request(iq, payload *stanza.Element, m *mail) error {
	switch {
	case m.to.IsZero(), m.to == cl.account:
		return cl.accountRequest(iq, payload)
	case !m.served():
		return refuse(stanza.RemoteServerNotFound)
	case m.to.Local() == "":
		return cl.serverRequest(iq, payload)
	case m.to.IsBare():
		if payload.Space() == stanza.NSRoster {
			return refuse(stanza.Forbidden)
		}
		return refuse(stanza.ServiceUnavailable)
	}
	return m.iqToResource()
}

// iqToResource is RFC 6121, 8.5.3.
func (m *mail) iqToResource() error {
	if s := m.resource(); s != nil && m.deliver(s) {
		return nil
	}
	if t := m.el.Type(); t == "result" || t == "error" {
		return nil
	}
	return refuse(stanza.ServiceUnavailable)
}

// accountRequest answers for the client's own account.
func (cl *client) accountRequest(iq, payload *stanza.Element) error {
	switch {
	case payload.Is(stanza.NSRoster, "query"):
		return cl.rosterIQ(iq, payload)
	case payload.Is(stanza.NSBind, "bind"):
		return refuse(stanza.NotAllowed) // RFC 6120, 7.1: one resource a stream
	case payload.Is(stanza.NSDiscoInfo, "query") && iq.Type() == "get" && iq.Attr("to") != "":
		cl.result(iq, "<query xmlns='"+stanza.NSDiscoInfo+"'><identity category='account' type='registered'/>"+
			"<feature var='"+stanza.NSDiscoInfo+"'/></query>")
		return nil
	}
	return cl.serverRequest(iq, payload)
}

// serverRequest answers for the server.
func (cl *client) serverRequest(iq, payload *stanza.Element) error {
	get := iq.Type() == "get"
	switch {
	case payload.Is(stanza.NSSession, "session") && !get, payload.Is(stanza.NSPing, "ping") && get:
		cl.result(iq, "")
	case payload.Is(stanza.NSDiscoInfo, "query") && get:
		if payload.Attr("node") != "" {
			return refuse(stanza.ItemNotFound)
		}
		cl.result(iq, discoInfo)
	case payload.Is(stanza.NSDiscoItems, "query") && get:
		cl.result(iq, "<query xmlns='"+stanza.NSDiscoItems+"'/>")
	default:
		return refuse(stanza.ServiceUnavailable)
	}
	return nil
}

// discoInfo says what the server can do (XEP-0030, 3).
const discoInfo = "<query xmlns='" + stanza.NSDiscoInfo + "'>" +
	"<identity category='server' type='im' name='Rollcall'/>" +
	"<feature var='" + stanza.NSDiscoInfo + "'/>" +
	"<feature var='" + stanza.NSDiscoItems + "'/>" +
	"<feature var='" + stanza.NSPing + "'/>" +
	"<feature var='" + stanza.NSRoster + "'/>" +
	"<feature var='msgoffline'/>" +
	"</query>"

func (cl *client) result(iq *stanza.Element, payload string) {
	cl.send(stanza.AppendResult(nil, iq, payload, stanza.Stamp{To: cl.full}))
}
