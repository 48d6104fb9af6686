package c2s

import (
	"github.com/rollcall-xmpp/rollcall/session/roles"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// Blocking: XEP-0191. Package presence has the lists, and what follows from them.

var blocking = extension{
	features: []string{stanza.NSBlocking},
	on:       func(c *Config) bool { return c.Blocked != nil },
	requests: []answer{
		{space: stanza.NSBlocking, local: "blocklist", at: atOwn, get: getBlockList, needs: roles.Block},
		{space: stanza.NSBlocking, local: "block", at: atOwn, set: block, needs: roles.Block},
		{space: stanza.NSBlocking, local: "unblock", at: atOwn, set: unblock, needs: roles.Block},
	},
}

func getBlockList(cl *client, r *request) error {
	cl.resource.ShowBlockList(func(payload string) { cl.result(r.iq, payload) })
	return nil
}

func block(cl *client, r *request) error {
	return cl.resource.Block(r.payload, func() { cl.done(r) })
}

func unblock(cl *client, r *request) error {
	return cl.resource.Unblock(r.payload, func() { cl.done(r) })
}
