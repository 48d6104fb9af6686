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
// An Auditor appends Entries to RC_AUDIT. What can't be put on record must not be
// answered; that is for whoever answers.
package access
