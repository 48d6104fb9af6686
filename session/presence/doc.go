// Package presence is what users see of each other, and who may: rosters with their
// subscriptions, presence, and block lists (RFC 6121, 2 to 4; XEP-0191), as one
// connector shows them to its own sessions.
//
// It knows no stream and no connection. A bound session is a [Resource], which has a
// function that queues a stanza for its client; the rest is documents and the log:
//
//   - Presence and the ends of sessions are read from the log. Observe, called at each
//     event's place in it, shows the event to those resources that may see it.
//   - Rosters and block lists are documents that any connector may change by
//     compare-and-set; each follows all of them, and shows its own resources what a
//     change means for them. The rules of rosters and subscriptions are package
//     roster's.
//
// # Use
//
//	s, err := presence.New(presence.Config{...})
//	go s.FollowRosters(ctx)
//	go s.FollowBlocked(ctx)
//	s.Observe(before, after, event) // projector.Config's Observe
//	release, err := s.Hold(ctx, account)
//	res := presence.NewResource(s, id, full, send)
//	res.Add(tell)
//	release()
//	err = res.SetRoster(query, answer) // a request, likewise for block lists
//	err = res.Subscription(stanza, kind, contact)
//	res.Remove()
//
// # Where things are
//
//   - A service with its accounts and resources: service.go, accounts.go, idle.go,
//     resource.go.
//   - Who sees whom: contacts.go, watch.go, directed.go, probe.go.
//   - Rosters: rosters.go, rosterrequests.go, push.go, subscribe.go.
//   - Who is blocked: blocklist.go, blocking.go, blockrequests.go, blockeffects.go.
//
// # Goroutines
//
// Observe runs on the projector's, FollowRosters and FollowBlocked on the caller's,
// and the methods of a Resource on that of its session. None of them waits for a
// client to read.
//
// Locks, in the order in which they are taken: an account's setting, listing or
// loading, the service's tail, an account's mu, the index's mu. Only the first
// three are held over I/O. The caller's functions are called with locks held: send
// and answer with any but the index's, tell with the index's, Config.Ended with the
// tail.
//
// # Limits
//
// A roster is bounded by package roster, a block list by its length and by
// events.MaxDocument (blocklist.go); block lists are all in memory, at any number of
// accounts. Accounts without sessions are kept only to be quick, and forgotten at a
// limit (idle.go).
package presence
