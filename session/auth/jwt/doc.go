// Package jwt lets users in by JSON Web Tokens (RFC 7519) that somebody else has signed:
// as the password of PLAIN, or by OAUTHBEARER.
//
// A token must be signed by HS256, RS256 or EdDSA (RFC 7515, RFC 8037), with a key that
// is of that kind: what the token says of its algorithm only chooses among the keys, so
// that no public key is ever taken for a secret, and no token is good unsigned. It must
// say when it expires, and be from the issuer and for the audience that are wanted. One of
// its claims is the user: a localpart, or a JID of the domain.
//
// Keys are in a file, which is read again when it has changed, or a set (JWKS, RFC 7517)
// at a URL. A set is fetched again every 15 minutes, and when a token names a key that is
// not in it, but once in 10 s at most. Where it can't be fetched the set before is used,
// for a day; without any there is no answer.
//
// A session goes on when its token has expired.
package jwt
