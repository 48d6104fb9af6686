package main

import (
	"context"
	"errors"

	"rollcall/bus"
	"rollcall/events"
	"rollcall/projector"
	"rollcall/session/accounts"
	"rollcall/session/auth"
)

// credentialsFor are the credentials that a connector checks logins with: those
// of lately are kept for as long as the log tells of no change.
func credentialsFor(docs *bus.Documents, table *projector.Table) *auth.Recent {
	return auth.NewRecent(&accounts.Store{Keys: docs}, func(account events.JID) (changed, known events.Seq) {
		known = table.Position().Seq // before the account, which may move on
		if a := table.Account(account); a != nil {
			changed = a.Rekeyed
		}
		return changed, known
	})
}

// followCredentials forgets what is changed, also by who dies before telling the
// log. It returns when ctx ends, or with an error of the documents.
func followCredentials(ctx context.Context, docs *bus.Documents, recent *auth.Recent) error {
	defer recent.ForgetAll()
	last, err := docs.Last(ctx)
	if err != nil {
		return err
	}
	recent.ForgetAll() // what was read before nobody has followed
	for doc, err := range docs.Watch(ctx, last) {
		switch {
		case errors.Is(err, events.ErrUnavailable):
			recent.ForgetAll() // it goes on by itself
		case err != nil:
			return err
		default:
			recent.Forget(doc.JID)
		}
	}
	return ctx.Err()
}
