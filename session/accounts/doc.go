// Package accounts administers accounts: it makes, changes, disables, removes, imports and
// lists them, makes two of them contacts, ends sessions, and bans
// networks. It needs a log and
// the buckets of documents, and no connector: its changes take effect wherever
// the account has sessions, for connectors follow both.
//
// # Use
//
//	store := &accounts.Store{Keys: nats.Accounts(), Rosters: nats.Rosters(), ...}
//	admin, err := accounts.NewAdmin(nats.Log(), store, "admin")
//	err = admin.Create(ctx, bob, password)
//	ended, err := admin.Kick(ctx, bob, "go to bed")
//
// # What it promises
//
// A Store is what is kept of accounts beside the log. An Admin changes that and
// then says so in the log, in this order:
//
//  1. The documents, by compare-and-set: whoever makes an account that exists is
//     told so; of two who change a password each takes effect, one after the
//     other.
//  2. The event. With a new password, or when an account is disabled or removed,
//     it ends the sessions; none of them can come back by what it proved before.
//
// If the second fails the error says so; the call can be repeated, and so can
// one that removes an account, wherever it stopped.
//
// # Limits
//
// To make keys costs some milliseconds of processor time for each password, on
// purpose (RFC 5802, 9). An import has all its entries in memory. A Store and an
// Admin are safe for concurrent use.
package accounts
