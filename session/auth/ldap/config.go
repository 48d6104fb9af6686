package ldap

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/go-ldap/ldap/v3"
)

// Config says where the directory is, and how a user's entry is found: by DN, or by Base
// and Filter. In DN and Filter {user} stands for the localpart of the user's JID, and
// {domain} for its domain.
type Config struct {
	// URL is ldaps://HOST[:PORT] or ldap://HOST[:PORT]; the latter needs StartTLS,
	// unless the host is this machine.
	URL      string
	StartTLS bool
	// CAs are those that the directory's certificate may be of; nil: the system's.
	CAs *x509.CertPool
	// DN is the name of a user's entry.
	DN string
	// Base is where to search, the whole subtree, and Filter what for: one entry at
	// most may match.
	Base, Filter string
	// BindDN and BindPassword are those of whoever searches; without, it is nobody.
	BindDN, BindPassword string
	// Connections bounds those to the directory at once; default 8.
	Connections int
}

// validate says what is wrong, by the names of the fields in small letters.
func (c *Config) validate() error {
	byDN, bySearch := c.DN != "", c.Base+c.Filter != ""
	switch {
	case byDN == bySearch:
		return errors.New("give either dn, or base and filter")
	case bySearch && (c.Base == "" || c.Filter == ""):
		return errors.New("base and filter go together")
	case byDN && c.BindDN != "":
		return errors.New("bind-dn is for a search by base and filter")
	case c.BindDN != "" && c.BindPassword == "":
		return errors.New("bind-dn needs a password")
	case !strings.Contains(c.DN+c.Filter, "{user}"):
		return errors.New("{user} is not in dn or filter")
	}
	if _, err := ldap.ParseDN(c.dn("user", "example.org")); byDN && err != nil {
		return fmt.Errorf("dn: %w", err)
	}
	if _, err := ldap.CompileFilter(c.filter("user", "example.org")); bySearch && err != nil {
		return fmt.Errorf("filter: %w", err)
	}
	return nil
}

// dn is the name of a user's entry.
func (c *Config) dn(user, domain string) string { return fill(c.DN, user, domain, ldap.EscapeDN) }

// filter is what a user's entry, and no other, matches.
func (c *Config) filter(user, domain string) string {
	return fill(c.Filter, user, domain, ldap.EscapeFilter)
}

// fill fills a template in, once: what is filled in is not looked at.
func fill(template, user, domain string, escape func(string) string) string {
	return strings.NewReplacer("{user}", escape(user), "{domain}", escape(domain)).Replace(template)
}

// A place is where the directory is.
type place struct {
	address string      // host:port
	tls     *tls.Config // nil: none
	later   bool        // TLS by StartTLS
}

func (c *Config) place() (place, error) {
	u, err := url.Parse(c.URL)
	if err != nil || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" || u.User != nil || u.RawQuery != "" {
		return place{}, fmt.Errorf("url: %q is not ldaps://HOST or ldap://HOST", c.URL)
	}
	p := place{later: c.StartTLS, tls: &tls.Config{ServerName: u.Hostname(), RootCAs: c.CAs, MinVersion: tls.VersionTLS12}}
	port := "389"
	switch u.Scheme {
	case "ldaps":
		if port = "636"; c.StartTLS {
			return place{}, errors.New("starttls is for ldap://, ldaps:// has TLS from the beginning")
		}
	case "ldap":
		if !c.StartTLS {
			p.tls = nil
		}
		if p.tls == nil && !thisMachine(u.Hostname()) {
			return place{}, errors.New("url: passwords would cross the network in the clear: set starttls, or use ldaps://")
		}
	default:
		return place{}, fmt.Errorf("url: %q is not ldaps://HOST or ldap://HOST", c.URL)
	}
	if u.Port() != "" {
		port = u.Port()
	}
	p.address = net.JoinHostPort(u.Hostname(), port)
	return p, nil
}

func thisMachine(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
