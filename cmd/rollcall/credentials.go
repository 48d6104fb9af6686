package main

import (
	"context"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector"
	"github.com/rollcall-xmpp/rollcall/session/accounts"
	"github.com/rollcall-xmpp/rollcall/session/auth"
)

// credentialsFor are the credentials that a connector checks logins with:
// recent ones are kept for as long as the log tells of no change.
func credentialsFor(docs *bus.Documents, table *projector.Table) *auth.Recent {
	return auth.NewRecent(&accounts.Store{Keys: docs}, func(account events.JID) (changed, known events.Seq) {
		known = table.Position().Seq // before the account, which may move on
		if a := table.Account(account); a != nil {
			return a.CredentialsSeq(), known
		}
		return table.Forgotten(), known
	})
}

// followCredentials forgets credentials that are changed, even by a process that
// dies before telling the log, and learns what domains have inherited. It returns when
// ctx ends, or with an error of the documents.
func followCredentials(ctx context.Context, docs *bus.Documents, recent *auth.Recent, inherited *accounts.Inheritances, domains []string) error {
	defer recent.ForgetAll()
	return events.Follow(ctx, docs, events.Follower{
		Begin: func(last uint64) uint64 {
			recent.ForgetAll() // nobody has followed what was read before
			if inherited.Load(ctx, docs, domains) != nil {
				return 0 // all documents come by then
			}
			return last
		},
		Changed: func(doc events.Document) {
			recent.Forget(doc.JID)
			inherited.Changed(doc)
		},
		Interrupted: recent.ForgetAll,
	})
}
