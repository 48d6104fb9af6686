package main

import (
	"context"
	"encoding/json"
	"slices"

	"rollcall/bus"
)

// sayUnserved tells people of domains whose accounts nobody can log in to now:
// no connector that runs serves them. That is no error, for one may come.
func sayUnserved(ctx context.Context, con *console, b *bus.Bus, domains ...string) error {
	served, known, err := servedDomains(ctx, b)
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

// servedDomains are those of all connectors that run. While none runs, or one of
// another version, nothing is known.
func servedDomains(ctx context.Context, b *bus.Bus) (served []string, known bool, err error) {
	alive, err := b.Leases().Alive(ctx)
	if err != nil || len(alive) == 0 {
		return nil, false, err
	}
	for _, state := range alive {
		var info leaseInfo
		if json.Unmarshal(state.Info, &info) != nil || len(info.Domains) == 0 {
			return nil, false, nil
		}
		served = append(served, info.Domains...)
	}
	return served, true, nil
}
