package c2s

import (
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/roles"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// Rosters: RFC 6121, 2. They are in package presence.

var rosters = extension{
	features: []string{stanza.NSRoster},
	stream:   "<ver xmlns='" + stanza.NSRosterVer + "'/><sub xmlns='" + stanza.NSPreApproval + "'/>",
	requests: []answer{{space: stanza.NSRoster, local: "query", at: atOwn, get: getRoster, set: setRoster, needs: roles.Roster}},
}

// getRoster makes the client an interested resource: the event is stored, then
// the result goes out, and from there on the pushes (RFC 6121, 2.2).
func getRoster(cl *client, r *request) error {
	if r.payload.First() != nil {
		return refuse(stanza.BadRequest)
	}
	if _, err := cl.do(session.RequestRoster{Session: cl.session}); err != nil {
		return err
	}
	cl.resource.ShowRoster(r.payload, func(payload string) { cl.result(r.iq, payload) })
	return nil
}

func setRoster(cl *client, r *request) error {
	return cl.resource.SetRoster(r.payload, func() { cl.done(r) })
}
