package main

import (
	"context"
	"slices"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
)

// sayUnserved tells people of domains whose accounts nobody can log in to now:
// no connector that runs serves them. That is no error, for one may come.
func sayUnserved(ctx context.Context, con *console, b *bus.Bus, domains ...string) error {
	served, known, err := ask.Served(ctx, b.Leases())
	if err != nil || !known {
		return err
	}
	for _, domain := range domains {
		if !slices.Contains(served, domain) {
			con.say("note: no connector that runs serves %s", printable(domain))
		}
	}
	return nil
}
