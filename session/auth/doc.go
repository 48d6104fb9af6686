// Package auth decides who may come in: SASL as XMPP uses it (RFC 6120,
// section 6) with SCRAM (RFC 5802, RFC 7677) and PLAIN (RFC 4616), and what is
// stored of a password. The users of a [Domain] may be another database's, which a
// [Verifier] asks about passwords or tokens (OAUTHBEARER, RFC 7628), or guests
// (ANONYMOUS, RFC 4505); certificates may let users in (EXTERNAL, XEP-0178).
//
// An [Authenticator] knows the accounts; an [Exchange] is one connection's
// conversation with it, a state machine that takes and gives bytes and knows
// no XML:
//
//	x := authenticator.Begin(domain, channel)
//	reply := x.Start(ctx, mechanism, initial)
//	for reply.Kind == auth.Challenge {
//		reply = x.Step(ctx, response)
//	}
//	if reply.Kind == auth.Success { ... } // reply.Account may come in
//
// It promises:
//
//   - The password is never stored. [Credentials] hold keys that verify one;
//     with a stolen copy one can still guess, at the price of 4096 iterations
//     a try, and can pose as this server, but can't log in unless one also saw
//     an exchange of that account in the clear (RFC 5802, section 9).
//   - An unknown user and a wrong password look the same: the same messages,
//     the same salt at each try and at every connector that shares the secret,
//     the same iteration count, the same work. Only a client that knows an
//     account's password is told whether the account is disabled.
//   - A password is never taken over a connection that isn't secured, unless
//     the caller says that plaintext is allowed.
//   - A client that could bind the channel and was kept from seeing that we
//     can, too, is refused (RFC 5802, section 6).
//
// Its limits: the salt of an account that is removed or gets a new password
// changes, which somebody who asked before and asks again can see; the time of
// a lookup is the store's, so a store should take as long to miss as to find;
// keys made with another count than [Iterations] show that the account exists, and in a
// domain that has an [Inheritance] any other than that one's do;
// whoever reads the memory of the process can guess fast at the passwords that
// came by PLAIN recently.
//
// How often one may try is the caller's to say, by [Exchange].Gate; package guess counts
// for it. [Throttle] bounds registrations.
package auth
