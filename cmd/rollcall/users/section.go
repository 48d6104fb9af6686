package users

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/settings"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/auth"
	"github.com/rollcall-xmpp/rollcall/session/auth/httpauth"
	"github.com/rollcall-xmpp/rollcall/session/auth/userdb"
)

// Sources are the sections of a file. The zero Sources have none.
type Sources struct {
	byName map[string]*source // as the file has them
}

// A source is what one section says; its fields are the keys.
type source struct {
	domain string // prepared
	keys   *pflag.FlagSet

	from    string
	timeout time.Duration
	waiting int

	ldap struct {
		url, ca, dn, base, filter, bindDN, passwordFile string
		startTLS                                        bool
		connections                                     int
	}
	jwt struct {
		secretFile, keyFile, jwksFile, jwksURL, ca, issuer, audience, claim string
		leeway                                                              time.Duration
	}
	http struct {
		url, ca, secretFile string
		cache               time.Duration
	}
	certificates struct {
		ca    string
		names []string
	}
}

// kinds are what from may say.
var kinds = []string{"own", "ldap", "jwt", "http", "guests"}

// Section declares the section, which is read into s.
func (s *Sources) Section() settings.Section {
	return settings.Section{
		Kind: "users", Name: "DOMAIN", Means: "where the users of a domain come from",
		Define: func(domain string, f *pflag.FlagSet) {
			src := &source{keys: f}
			if s.byName == nil {
				s.byName = map[string]*source{}
			}
			s.byName[domain] = src
			src.define(f)
		},
		Check: s.check,
	}
}

func (src *source) define(f *pflag.FlagSet) {
	f.StringVar(&src.from, "from", "own", "`KIND`: own (the accounts here), ldap, jwt, http or guests")
	f.DurationVar(&src.timeout, "timeout", userdb.DefaultTimeout, "`TIME` for one question to the database")
	f.IntVar(&src.waiting, "waiting", userdb.DefaultWaiting, "`NUMBER` of logins that wait for it at once; others are told to try again")

	f.StringVar(&src.ldap.url, "ldap.url", "", "`URL`: ldaps://HOST, or ldap://HOST with starttls")
	f.BoolVar(&src.ldap.startTLS, "ldap.starttls", false, "begin TLS on the connection (ldap://)")
	f.StringVar(&src.ldap.ca, "ldap.ca", "", "PEM `FILE` of the authority of its certificate (default: the system's)")
	f.StringVar(&src.ldap.dn, "ldap.dn", "", "`DN` of a user's entry, with {user}; instead of a search")
	f.StringVar(&src.ldap.base, "ldap.base", "", "`DN` below which to search")
	f.StringVar(&src.ldap.filter, "ldap.filter", "", "`FILTER` that a user's entry alone matches, with {user}")
	f.StringVar(&src.ldap.bindDN, "ldap.bind-dn", "", "`DN` of whoever searches (default: nobody)")
	f.StringVar(&src.ldap.passwordFile, "ldap.password-file", "", "`FILE` with the password of bind-dn, readable by its owner alone")
	f.IntVar(&src.ldap.connections, "ldap.connections", 8, "`NUMBER` of connections at once")

	f.StringVar(&src.jwt.secretFile, "jwt.secret-file", "", "`FILE` with the secret of HS256, readable by its owner alone")
	f.StringVar(&src.jwt.keyFile, "jwt.key-file", "", "PEM `FILE` with the public key of RS256 or EdDSA")
	f.StringVar(&src.jwt.jwksFile, "jwt.jwks-file", "", "`FILE` with a set of such keys (JWKS)")
	f.StringVar(&src.jwt.jwksURL, "jwt.jwks-url", "", "`URL` of such a set")
	f.StringVar(&src.jwt.ca, "jwt.ca", "", "PEM `FILE` of the authority of its certificate (default: the system's)")
	f.StringVar(&src.jwt.issuer, "jwt.issuer", "", "`ISS` that a token must have (default: any)")
	f.StringVar(&src.jwt.audience, "jwt.audience", "", "`AUD` that a token must have (default: any)")
	f.StringVar(&src.jwt.claim, "jwt.claim", "sub", "`CLAIM` that names the user: a localpart, or a JID of the domain")
	f.DurationVar(&src.jwt.leeway, "jwt.leeway", 30*time.Second, "`TIME` by which the clocks may differ, at most 5m")

	f.StringVar(&src.http.url, "http.url", "", "`URL` that is asked")
	f.StringVar(&src.http.ca, "http.ca", "", "PEM `FILE` of the authority of its certificate (default: the system's)")
	f.StringVar(&src.http.secretFile, "http.secret-file", "", "`FILE` with what it is told as its Bearer, readable by its owner alone")
	f.DurationVar(&src.http.cache, "http.cache", time.Minute, fmt.Sprintf("`TIME` for which a right password is remembered, at most %s; 0s: not", httpauth.MaxKeep))

	f.StringVar(&src.certificates.ca, "certificates.ca", "", "PEM `FILE` of the authority whose certificates let clients in (EXTERNAL)")
	f.StringSliceVar(&src.certificates.names, "certificates.names", []string{"xmpp-addr"}, "`LIST` of where they name the account: xmpp-addr, email, cn")
}

// check checks one section, by making what it says.
func (s *Sources) check(name string) error {
	src := s.byName[name]
	j, err := events.NewJID("", name, "")
	if err != nil {
		return fmt.Errorf("%q is no domain: %w", name, err)
	}
	src.domain = j.Domain()
	for other, twin := range s.byName {
		if other != name && twin.domain == src.domain {
			return fmt.Errorf("there is another section for %s", src.domain)
		}
	}
	_, err = src.open(slog.New(slog.DiscardHandler))
	return err
}

// CheckServed finds sections of domains that are not served. Each of the errors, which are
// joined, is a settings.TableError.
func (s *Sources) CheckServed(domains []string) error {
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(s.byName)) {
		if d := s.byName[name].domain; d != "" && !slices.Contains(domains, d) {
			is := fmt.Errorf("is for no domain that is served (--domain): those are %s", strings.Join(domains, ", "))
			faults = append(faults, &settings.TableError{Kind: "users", Name: name, Err: is})
		}
	}
	return errors.Join(faults...)
}

// Open makes what the sections say, by domain. log is told when a database fails.
func (s *Sources) Open(log *slog.Logger) (map[string]auth.Domain, error) {
	domains := map[string]auth.Domain{}
	for name, src := range s.byName {
		d, err := src.open(log)
		if err != nil {
			return nil, fmt.Errorf("[users.%q]: %w", name, err)
		}
		domains[src.domain] = d
	}
	return domains, nil
}

// Kinds say of each domain whose users are not accounts made here what they are, as from
// has it.
func (s *Sources) Kinds() map[string]string {
	all := map[string]string{}
	for _, src := range s.byName {
		if src.from != "own" {
			all[src.domain] = src.from
		}
	}
	return all
}
