// Package bundle is an account as it moves between servers: keys or password, contacts,
// requests, block list, card, private elements, nodes and waiting messages, in the forms
// in which ours are kept. It is pure: packages that read another server's files put
// bundles together, package accounts stores them, and whoever exports reads them.
//
//	b := bundle.New(account)
//	b.TakeContact(bob, "Bob", groups, "both", false, false)
//	b.TakeCard(vcard)
//	for _, l := range b.Left { ... } // what could not be taken, and why
//
// # What it promises
//
// Each Take method puts one thing in its place or notes in Left that it could not be
// taken, and why; nothing is dropped without that. So what a service could not have got
// from a client (a bad JID, more contacts than there may be) gets in by no file either.
//
// # Limits
//
// Those of packages roster and pep, and [MaxWaiting] messages. A bundle belongs to one
// goroutine.
package bundle
