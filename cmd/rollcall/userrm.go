package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"rollcall/bus"
	"rollcall/events"
	"rollcall/session"
	"rollcall/session/auth"
)

// newUserRm removes what is kept of an account outside the log. The log is
// append-only: what happened stays until retention takes it.
func newUserRm(con *console, svc *service) *cobra.Command {
	return &cobra.Command{
		Use:   "rm JID",
		Short: "Remove an account, its sessions, roster and waiting messages",
		Long: "Remove an account: it can't log in any more, its sessions end, its roster, its\n" +
			"subscriptions, its block list, what it stored and published, and its waiting\n" +
			"messages are deleted. Its history stays, as the log's retention says.",
		Args: arguments(1, 1),
		RunE: verb(func(ctx context.Context, args []string) error {
			account, err := parseAccount(args[0])
			if err != nil {
				return err
			}
			return svc.use(ctx, func(b *bus.Bus) error { return removeAccount(ctx, con, b, account) })
		}),
	}
}

// removeAccount can be repeated where it stopped: the credentials go first, so
// that nobody comes in behind it, but what is left is removed without them too.
func removeAccount(ctx context.Context, con *console, b *bus.Bus, account events.JID) error {
	gone := (credentialStore{b.Accounts()}).remove(ctx, account)
	rosters := rosterStore{b.Rosters()}
	if errors.Is(gone, auth.ErrNoAccount) {
		if r, err := rosters.get(ctx, account); err != nil || r == nil {
			return gone
		}
	} else if gone != nil {
		return gone
	}
	ended, err := record(ctx, b, account, session.RemoveAccount{})
	if err != nil {
		return err
	}
	if err := forgetAccount(ctx, b, account); err != nil {
		return fmt.Errorf("%w; repeat the command", err)
	}
	_, err = fmt.Fprintf(con.out, "removed %s; ended %s\n", account, plural(ended, "session"))
	return err
}

// forgetAccount deletes what is kept of an account besides its credentials. It
// may be called again where it failed.
func forgetAccount(ctx context.Context, b *bus.Bus, account events.JID) error {
	for _, docs := range []*bus.Documents{b.Blocked(), b.Private()} {
		if err := forget(ctx, docs, account); err != nil {
			return err
		}
	}
	if err := (rosterStore{b.Rosters()}).remove(ctx, account); err != nil {
		return err
	}
	// Taking a message is what removes it; nobody gets these any more.
	for _, err := range b.Waiting().Take(ctx, account) {
		if err != nil {
			return fmt.Errorf("waiting messages of %s: %w", account, err)
		}
	}
	return nil
}

// forget deletes an account's document, if it has one, also if it changes
// meanwhile.
func forget(ctx context.Context, docs *bus.Documents, account events.JID) error {
	for {
		doc, err := docs.Get(ctx, account)
		if errors.Is(err, events.ErrNotFound) {
			return nil
		}
		if err == nil {
			err = docs.Delete(ctx, account, doc.Revision)
		}
		if !errors.Is(err, events.ErrConflict) {
			return err
		}
	}
}
