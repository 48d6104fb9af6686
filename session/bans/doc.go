// Package bans says which networks clients may not connect from. All bans are one
// document, which every connector follows and keeps in memory in the form in which it is
// asked.
//
// # Use
//
//	network, err := bans.Parse("192.0.2.0/24")
//	err = bans.Check(network)
//	err = bans.Add(ctx, bus.Bans(), bans.Ban{Network: network, Until: tomorrow, Reason: "guesses passwords"})
//
//	var table bans.Table
//	err = table.Read(ctx, bus.Bans())
//	go table.Follow(ctx, bus.Bans(), func() { ... })
//	ban, banned := table.Of(address)
//
// # What it promises
//
// A connector knows of a ban as soon as the store tells its followers, which takes
// milliseconds. One that starts reads the bans before it accepts anybody; one that is cut
// off goes on with what it knew, and knows the rest when it is back.
// Whether an address is banned is decided without a lock and without asking anybody: by the
// narrowest ban that has not ended. A ban ends by the clock of the connector that is asked.
//
// IPv4 and IPv6 are two spaces: an address of IPv4 that a socket gives as one of IPv6
// (RFC 4291, 2.5.5.2) counts as one of IPv4, in a ban as in a question.
//
// # Limits
//
// There are at most MaxBans, and no more than fit one document with their reasons; those
// that have ended make room. To ask costs a look into a map for each length of prefix
// that there is a ban of.
package bans
