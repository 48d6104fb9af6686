package c2s

import (
	"context"

	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// Message carbons: XEP-0280. Here they are switched on and off; what is copied to whom
// is decided in package delivery.

var carbons = extension{
	features: []string{stanza.NSCarbons},
	requests: []answer{
		{space: stanza.NSCarbons, local: "enable", at: atOwn, set: enableCarbons},
		{space: stanza.NSCarbons, local: "disable", at: atOwn, set: disableCarbons},
	},
}

func enableCarbons(cl *client, r *request) error  { return switchCarbons(cl, r, true) }
func disableCarbons(cl *client, r *request) error { return switchCarbons(cl, r, false) }

func switchCarbons(cl *client, r *request, on bool) error {
	if _, err := cl.do(session.SwitchCarbons{Session: cl.session, On: on}); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), loginTime)
	defer cancel()
	if err := cl.srv.awaitRoutes(ctx, cl.sender.After); err != nil {
		return err
	}
	return cl.done(r)
}
