// Package access decides who may ask for what, and puts on record who did.
//
// Whoever asks has a token, rct_ID_SECRET, of which only the hash is kept. It has a name,
// scopes and an end:
//
//	token, secret, err := access.Add(ctx, bus.Tokens(), access.Token{Name: "grafana", Scopes: []access.Scope{access.Read}, Expires: until})
//
// A Guard lets requests in. It follows the tokens, so that one that was removed is refused
// within milliseconds, and asks nobody for one that it knows:
//
//	guard := access.NewGuard(bus.Tokens())
//	go guard.Follow(ctx)
//	who, err := guard.Authenticate(r)
//	if !who.May(access.Read) { ... }
//
// A browser gets its token, which ends after 12 hours, for a code, rcc_ID_SECRET, that is
// good once and for 5 minutes:
//
//	code, err := access.Offer(ctx, bus.Tokens(), "root@host", scopes, time.Now())
//	token, secret, err := access.Redeem(ctx, bus.Tokens(), code, time.Now())
//
// An Auditor appends Entries to RC_AUDIT. A question that can't be put on record
// must not be answered; that is for whoever answers.
package access
