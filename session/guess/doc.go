// Package guess limits the guessing of passwords, so that a guesser gets nowhere and
// whoever knows the password gets in, though both may be behind one address.
//
//	try := limiter.Begin(guess.Client{Account: account, Address: from})
//	switch try.Ruling() {
//	case guess.Open:   // check the password, and tell the client what came of it
//	case guess.Veiled: // check it; only the right one is told from what Shut tells
//	case guess.Shut:   // leave it unchecked, and say that there were too many failures
//	}
//	try.Succeeded() // or Failed, or Void
//
// It counts wrong passwords in three ways, each in buckets that leak:
//
//   - strictly by account and address together;
//   - by account from anywhere: an account that is attacked has fewer tries from each
//     address, but a first one from every address, so that its owner is only slowed down;
//   - by address alone, generously, and the more so the more accounts log in there.
//
// Beyond any of these no password is looked at, but for the account's places: addresses
// from which it has logged in, has a session, or the client's own installation (XEP-0388).
// Each of them has a bucket of its own, so that its owner gets in whatever happens
// elsewhere. The networks around these addresses lift the limit by address alone.
//
// What a client is told, and when, depends on names, addresses and times alone, and is the
// same for accounts with and without places and for those that do not exist, until the
// password is right: so it tells nothing about accounts. The caller answers what is veiled
// or shut after the same time, [Hold].
//
// The whole model, with what a guesser can do in a day, is in docs/design.md.
//
// # Memory
//
// All is in memory and bounded. When there are too many entries, one of those goes that
// have the least to tell, of eight at random: failures that are nearly forgiven, networks
// that hardly anybody has failed at, accounts that logged in the longest ago. A flood of
// names or addresses therefore pushes out itself: each of its entries has one failure.
package guess
