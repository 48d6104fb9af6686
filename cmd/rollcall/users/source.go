package users

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/settings"
	"github.com/rollcall-xmpp/rollcall/session/auth"
	"github.com/rollcall-xmpp/rollcall/session/auth/httpauth"
	"github.com/rollcall-xmpp/rollcall/session/auth/jwt"
	"github.com/rollcall-xmpp/rollcall/session/auth/ldap"
	"github.com/rollcall-xmpp/rollcall/session/auth/userdb"
)

// open makes what the section says.
func (src *source) open(log *slog.Logger) (auth.Domain, error) {
	if err := src.consistent(); err != nil {
		return auth.Domain{}, err
	}
	d := auth.Domain{Guests: src.from == "guests"}
	passwords, err := src.passwords(log)
	if err != nil {
		return d, src.about(err)
	}
	if passwords != nil {
		d.Source = src.from
		d.Passwords = userdb.New(passwords, userdb.Config{
			Source: src.from, Domain: src.domain, Timeout: src.timeout, Waiting: src.waiting, Logger: log,
		})
	}
	d.Certificates, err = src.authority()
	return d, err
}

// consistent finds keys that have no place beside each other.
func (src *source) consistent() (err error) {
	if !slices.Contains(kinds, src.from) {
		return keyError("from", fmt.Errorf("%q is none of %s", src.from, strings.Join(kinds, ", ")))
	}
	if src.timeout <= 0 {
		return keyError("timeout", errors.New("it must be longer than nothing"))
	}
	if src.waiting < 1 {
		return keyError("waiting", errors.New("at least one login must be able to wait"))
	}
	src.keys.VisitAll(func(f *pflag.Flag) {
		part, _, nested := strings.Cut(f.Name, ".")
		switch {
		case err != nil || !f.Changed || !nested || part == src.from:
		case part != "certificates":
			err = keyError(f.Name, fmt.Errorf("it is for from = %q, and from is %q", part, src.from))
		case src.from == "guests":
			err = keyError(f.Name, errors.New("guests have no certificates"))
		}
	})
	return err
}

// passwords is whoever checks them, nil if that is nobody else.
func (src *source) passwords(log *slog.Logger) (auth.Verifier, error) {
	switch src.from {
	case "ldap":
		return src.directory()
	case "jwt":
		return src.tokens(log)
	case "http":
		return src.service()
	}
	return nil, nil
}

func (src *source) directory() (auth.Verifier, error) {
	c := &src.ldap
	password, err := secretIn("password-file", c.passwordFile)
	if err != nil {
		return nil, err
	}
	cas, err := authorities("ca", c.ca)
	if err != nil {
		return nil, err
	}
	if c.connections < 1 {
		return nil, errors.New("connections: at least one is needed")
	}
	return ldap.New(ldap.Config{
		URL: c.url, StartTLS: c.startTLS, CAs: cas, DN: c.dn, Base: c.base, Filter: c.filter,
		BindDN: c.bindDN, BindPassword: password, Connections: c.connections,
	})
}

func (src *source) tokens(log *slog.Logger) (auth.Verifier, error) {
	c := &src.jwt
	if err := private("secret-file", c.secretFile); err != nil {
		return nil, err
	}
	cas, err := authorities("ca", c.ca)
	if err != nil {
		return nil, err
	}
	return jwt.New(jwt.Config{
		SecretFile: c.secretFile, KeyFile: c.keyFile, JWKSFile: c.jwksFile, JWKSURL: jwt.Remote{URL: c.jwksURL, CAs: cas},
		Issuer: c.issuer, Audience: c.audience, Claim: c.claim, Leeway: c.leeway, Logger: log,
	})
}

func (src *source) service() (auth.Verifier, error) {
	c := &src.http
	secret, err := secretIn("secret-file", c.secretFile)
	if err != nil {
		return nil, err
	}
	cas, err := authorities("ca", c.ca)
	if err != nil {
		return nil, err
	}
	return httpauth.New(httpauth.Config{URL: c.url, Secret: secret, CAs: cas, Keep: c.cache})
}

// authority is whose certificates let clients in, nil if none do.
func (src *source) authority() (*auth.Certificates, error) {
	c := &src.certificates
	if c.ca == "" {
		if src.keys.Changed("certificates.names") {
			return nil, keyError("certificates.names", errors.New("certificates need a ca"))
		}
		return nil, nil
	}
	cas, err := authorities("ca", c.ca)
	if err != nil {
		return nil, keyError("certificates.ca", errors.Unwrap(err))
	}
	all := &auth.Certificates{Roots: cas}
	for _, name := range c.names {
		n := auth.CertificateName(name)
		if n != auth.XMPPAddr && n != auth.Email && n != auth.CommonName {
			return nil, keyError("certificates.names", fmt.Errorf("%q is none of xmpp-addr, email, cn", name))
		}
		all.Names = append(all.Names, n)
	}
	return all, nil
}

// about gives an error that begins with the name of a key of the kind's the place of
// that key.
func (src *source) about(err error) error {
	if key, rest, ok := strings.Cut(err.Error(), ": "); ok && src.keys.Lookup(src.from+"."+key) != nil {
		return keyError(src.from+"."+key, errors.New(rest))
	}
	return fmt.Errorf("from %s: %w", src.from, err)
}

func keyError(key string, err error) error { return &settings.KeyError{Key: key, Err: err} }
