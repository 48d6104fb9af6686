package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
)

// onlyOwn refuses what is no use where the users of a domain come from elsewhere. instead
// says what to do.
func onlyOwn(ctx context.Context, b *bus.Bus, domain, instead string) error {
	kind, connector, err := ask.Elsewhere(ctx, b.Leases(), domain)
	switch {
	case err != nil || kind == "":
		return err
	case kind == "guests":
		return fmt.Errorf("%s has guests only, as connector %s is configured: nobody has an account there", domain, connector)
	}
	return fmt.Errorf("the users of %s come from %s, as connector %s is configured: %s", domain, kind, connector, instead)
}

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
