package c2s

import (
	"context"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/pubsub"
	"github.com/rollcall-xmpp/rollcall/session/roles"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// Personal eventing: XEP-0163. It is in package pubsub; this file connects it with
// clients and their rosters.

var eventing = extension{
	identity: pubsub.Identity,
	personal: pubsub.Features(),
	on:       storesThings,
	requests: []answer{
		{space: pubsub.NS, local: "pubsub", at: atOwn | atOthers, get: pubSub, set: pubSub, needs: roles.Publish},
		{space: pubsub.NSOwner, local: "pubsub", at: atOwn | atOthers, get: pubSub, set: pubSub, needs: roles.Publish},
	},
}

func pubSub(cl *client, r *request) error {
	return cl.srv.pubsub.Handle(pubsub.Request{
		From: cl.jid, Owner: r.to, Set: r.iq.Type() == "set", Payload: r.payload, After: cl.sender.After, Most: cl.mayStore(),
		Answer: func(payload string) { cl.result(r.iq, payload) },
	})
}

// wantedEvent implements delivery.Policy's Event.
func (s *Server) wantedEvent(id events.SessionID, message *stanza.Element) []byte {
	if cl := s.hub.client(id); cl != nil {
		return cl.listener.Wants(message)
	}
	return nil
}

// FollowPublished follows what accounts publish; see [pubsub.Service.Follow].
func (s *Server) FollowPublished(ctx context.Context) error { return s.pubsub.Follow(ctx) }
