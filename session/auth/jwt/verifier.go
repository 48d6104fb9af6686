package jwt

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/auth"
)

// MaxLeeway is the most by which the clocks of whoever signs and of this machine may
// differ.
const MaxLeeway = 5 * time.Minute

// Config says which tokens are good. One of the first four fields says by which keys.
type Config struct {
	// SecretFile has the secret of HS256, of at least 32 bytes; a newline at its end is
	// none of it.
	SecretFile string
	// KeyFile has a public key of RS256 or EdDSA, in PEM.
	KeyFile string
	// JWKSFile and JWKSURL have a set of such keys.
	JWKSFile string
	JWKSURL  Remote
	// Issuer and Audience are those that a token must have; "": any.
	Issuer, Audience string
	// Claim names the user; default "sub".
	Claim string
	// Leeway is how much the clocks may differ, at most MaxLeeway.
	Leeway time.Duration
	// Logger is told when keys can't be read again; nil: nobody is.
	Logger *slog.Logger
}

// A Verifier is an [auth.TokenVerifier]. It may be used by many goroutines.
type Verifier struct {
	cfg    Config
	keys   keyring
	parser *jwt.Parser
}

// New returns a verifier. It fails if the configuration can't work, or if keys in a file
// can't be read.
func New(cfg Config) (*Verifier, error) {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Claim == "" {
		cfg.Claim = "sub"
	}
	if cfg.Leeway < 0 || cfg.Leeway > MaxLeeway {
		return nil, fmt.Errorf("leeway: %s is not from 0 to %s", cfg.Leeway, MaxLeeway)
	}
	keys, err := cfg.keyring()
	if err != nil {
		return nil, err
	}
	options := []jwt.ParserOption{
		jwt.WithValidMethods(algorithms), jwt.WithExpirationRequired(), jwt.WithLeeway(cfg.Leeway), jwt.WithStrictDecoding(),
	}
	if cfg.Issuer != "" {
		options = append(options, jwt.WithIssuer(cfg.Issuer))
	}
	if cfg.Audience != "" {
		options = append(options, jwt.WithAudience(cfg.Audience))
	}
	return &Verifier{cfg: cfg, keys: keys, parser: jwt.NewParser(options...)}, nil
}

// Check implements [auth.Verifier]: the token must be for the account.
func (v *Verifier) Check(ctx context.Context, account events.JID, token string) error {
	named, err := v.Bearer(ctx, account.Domain(), token)
	if err == nil && named != account {
		return fmt.Errorf("%w: the token is for another account", auth.ErrWrongPassword)
	}
	return err
}

// Bearer implements [auth.TokenVerifier].
func (v *Verifier) Bearer(ctx context.Context, domain, token string) (events.JID, error) {
	claims := jwt.MapClaims{}
	var unread error // why there are no keys
	_, err := v.parser.ParseWithClaims(token, claims, func(t *jwt.Token) (any, error) {
		kid, _ := t.Header["kid"].(string)
		all, err := v.keys.keys(ctx, kid)
		if err != nil {
			unread = err
			return nil, err
		}
		return fitting(all, kid, t.Method.Alg())
	})
	switch {
	case unread != nil:
		return events.JID{}, unread
	case err != nil:
		return events.JID{}, refusal(err)
	}
	name, ok := claims[v.cfg.Claim].(string)
	if !ok {
		return events.JID{}, fmt.Errorf("%w: the token has no claim %s", auth.ErrWrongPassword, v.cfg.Claim)
	}
	account, err := named(name, domain)
	if err != nil {
		return events.JID{}, fmt.Errorf("%w: the claim %s names no account of the domain", auth.ErrWrongPassword, v.cfg.Claim)
	}
	return account, nil
}

// named is the account that a claim names.
func named(name, domain string) (events.JID, error) {
	if !strings.Contains(name, "@") {
		local, err := events.PrepareLocal(name)
		if err != nil {
			return events.JID{}, err
		}
		return events.NewJID(local, domain, "")
	}
	account, err := events.ParseJID(name)
	if err == nil && (account.Domain() != domain || account.Local() == "" || !account.IsBare()) {
		err = errors.New("not of the domain")
	}
	return account, err
}

// refusal says why a token is not good, without quoting it. One that has merely expired
// was good once: the library looks at claims when the signature is right.
func refusal(err error) error {
	for _, r := range []struct {
		is  error
		why string
	}{
		{jwt.ErrTokenMalformed, "it is no JWT"},
		{jwt.ErrTokenSignatureInvalid, "its signature is not right"},
		{jwt.ErrTokenUnverifiable, "it is signed with no key that is known"},
		{jwt.ErrTokenInvalidIssuer, "it is from another issuer"},
		{jwt.ErrTokenInvalidAudience, "it is for another audience"},
		{jwt.ErrTokenNotValidYet, "it is not valid yet"},
		{jwt.ErrTokenRequiredClaimMissing, "it lacks a claim"},
	} {
		if errors.Is(err, r.is) {
			return fmt.Errorf("%w: %s", auth.ErrWrongPassword, r.why)
		}
	}
	if errors.Is(err, jwt.ErrTokenExpired) {
		return auth.ErrExpired
	}
	return fmt.Errorf("%w: its claims are not right", auth.ErrWrongPassword)
}
