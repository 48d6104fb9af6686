package auth

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/rollcall-xmpp/rollcall/events"
)

// minSecret is the least length of a secret, in bytes.
const minSecret = 16

// ErrNoAccount is what [CredentialStore] return for an account that doesn't exist. A
// client is never told.
var ErrNoAccount = errors.New("no such account")

// CredentialStore looks up credentials by an account's bare JID. The error is
// [ErrNoAccount] if there is none; any other error ends the exchange with
// temporary-auth-failure. The credentials that it returns aren't changed by
// either side. It is called by many goroutines.
type CredentialStore interface {
	Credentials(ctx context.Context, account events.JID) (*Credentials, error)
}

// Config is what an [Authenticator] knows.
type Config struct {
	// Accounts are our own, and the records of those of other databases.
	Accounts CredentialStore
	// Secret, at least 16 random bytes, makes up the salts of accounts that don't
	// exist: it must stay the same over restarts and be the same on all connectors, or
	// an unknown user's salt gives it away.
	Secret []byte
	// Domains are those, by their prepared names, that have not simply our own accounts.
	Domains map[string]Domain
	// Enroller is for domains whose users are elsewhere.
	Enroller Enroller
	// Inherited tells what a domain has inherited, false if nothing; nil: no domain has.
	// It does not block.
	Inherited func(domain string) (Inheritance, bool)
}

// An Authenticator makes exchanges. It may be used by many goroutines.
type Authenticator struct {
	accounts CredentialStore
	secret   []byte
	domains  map[string]Domain
	enroller Enroller
	inherits func(domain string) (Inheritance, bool)
	recall   *recall
	nonce    func() string // nil: random; set by tests with an RFC's vectors
}

// New returns an authenticator. It fails if the secret is too short, or if a domain's
// users are elsewhere and nobody makes their records.
func New(cfg Config) (*Authenticator, error) {
	if len(cfg.Secret) < minSecret {
		return nil, fmt.Errorf("auth: a secret of %d bytes, give at least %d random ones", len(cfg.Secret), minSecret)
	}
	for name, d := range cfg.Domains {
		if d.Elsewhere() && cfg.Enroller == nil {
			return nil, fmt.Errorf("auth: nobody makes the records of the users of %s", name)
		}
	}
	if cfg.Inherited == nil {
		cfg.Inherited = func(string) (Inheritance, bool) { return Inheritance{}, false }
	}
	return &Authenticator{
		accounts: cfg.Accounts, secret: cfg.Secret, domains: cfg.Domains, enroller: cfg.Enroller, inherits: cfg.Inherited, recall: newRecall(),
	}, nil
}

// Begin returns an exchange for a stream to host, the domain of the accounts
// that may log in on it.
func (a *Authenticator) Begin(host string, ch Channel) *Exchange {
	_, inherited := a.inherits(host)
	return &Exchange{auth: a, host: host, domain: a.domains[host], inherited: inherited, ch: ch}
}

// keys returns the keys to check an account's proof with. For an account that
// doesn't exist they are made up, and the credentials are nil. The made-up keys
// are computed in either case, for the time it takes.
func (a *Authenticator) keys(ctx context.Context, account events.JID, h hashFunc) (Keys, *Credentials, error) {
	decoy := a.decoy(account, h)
	c, err := a.lookup(ctx, account)
	if err != nil || c == nil || !c.keys(h).usable(h) {
		return decoy, nil, err
	}
	return c.keys(h), c, nil
}

// passwordKeys is keys for a password that came whole: those of the better hash that
// the account has keys of.
func (a *Authenticator) passwordKeys(ctx context.Context, account events.JID) (Keys, hashFunc, *Credentials, error) {
	made := hashSHA256
	if _, inherited := a.inherits(account.Domain()); inherited {
		made = hashSHA1
	}
	decoy := a.decoy(account, made)
	c, err := a.lookup(ctx, account)
	switch {
	case err != nil || c == nil:
	case c.SHA256.usable(hashSHA256):
		return c.SHA256, hashSHA256, c, nil
	case c.SHA1.usable(hashSHA1):
		return c.SHA1, hashSHA1, c, nil
	}
	return decoy, made, nil, err
}

// lookup gives no credentials for an account that doesn't exist.
func (a *Authenticator) lookup(ctx context.Context, account events.JID) (*Credentials, error) {
	c, err := a.accounts.Credentials(ctx, account)
	switch {
	case errors.Is(err, ErrNoAccount):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("look up credentials: %w", err)
	}
	return c, nil
}

// decoy makes up keys that no password fits, the same ones at every call.
func (a *Authenticator) decoy(account events.JID, h hashFunc) Keys {
	k := Keys{
		Salt:       hashSHA256.mac(a.secret, "salt\x00", h.name, "\x00", account.String())[:saltLen],
		Iterations: Iterations,
		StoredKey:  h.mac(a.secret, "stored key\x00", account.String()),
		ServerKey:  h.mac(a.secret, "server key\x00", account.String()),
	}
	if in, ok := a.inherits(account.Domain()); ok && h.name == hashSHA1.name {
		k.Iterations = in.Iterations
		k.Salt = in.salt(func(n int) []byte {
			return hashSHA256.mac(a.secret, "salt\x00", h.name, "\x00", strconv.Itoa(n), "\x00", account.String())
		})
	}
	return k
}
