package main

import (
	"context"
	"encoding/json"
	"slices"

	"rollcall/bus"
)

// sayUnserved tells people of domains whose accounts nobody can log in to now:
// no connector that runs serves them. That is no error, for one may come. While
// none runs, nothing is known and nothing said.
func sayUnserved(ctx context.Context, con *console, b *bus.Bus, domains ...string) error {
	alive, err := b.Leases().Alive(ctx)
	if err != nil || len(alive) == 0 {
		return err
	}
	var served []string
	for _, state := range alive {
		var info leaseInfo
		if json.Unmarshal(state.Info, &info) != nil || len(info.Domains) == 0 {
			return nil // of another version: unknown
		}
		served = append(served, info.Domains...)
	}
	for _, domain := range domains {
		if !slices.Contains(served, domain) {
			con.say("note: no connector that runs serves %s", printable(domain))
		}
	}
	return nil
}
