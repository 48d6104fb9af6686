package certs

import (
	"crypto/tls"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestFaultsAreWhatClientsComplainOf(t *testing.T) {
	t.Parallel()
	const year = 365 * 24 * time.Hour
	root := newAuthority(t, "Root", nil)
	between := newAuthority(t, "Between", root)
	other := newAuthority(t, "Other", nil)
	for _, c := range []struct {
		name  string
		by    *authority
		chain []*authority
		valid time.Duration
		names []string
		want  []string // the beginning of each fault
	}{
		{"well", between, []*authority{between}, year, []string{"example.org"}, nil},
		{"for all children of a domain", between, []*authority{between}, year, []string{"*.org"}, nil},
		{"of the root itself", root, nil, year, []string{"example.org"}, nil},
		{"ended", root, nil, -time.Hour, []string{"example.org"}, []string{"ended on "}},
		{"ends in 13 days", root, nil, 13*24*time.Hour + time.Hour, []string{"example.org"}, []string{"ends on "}},
		{"ends in 15 days", root, nil, 15 * 24 * time.Hour, []string{"example.org"}, nil},
		{"of somebody else", root, nil, year, []string{"example.net", "example.com"}, []string{"is not for example.org but for example.net, example.com"}},
		{"without its chain", between, nil, year, []string{"example.org"}, []string{"comes without its chain: the file has no certificate of its issuer, CN=Between"}},
		{"of a stranger", other, []*authority{other}, year, []string{"example.org"}, []string{"is of an issuer that this machine does not trust, CN=Other"}},
		{"all at once", between, nil, -time.Hour, []string{"example.net"}, []string{"ended on ", "is not for ", "comes without "}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cert, err := tls.X509KeyPair(c.by.issue(c.valid, c.chain, c.names...))
			if err != nil {
				t.Fatal(err)
			}
			got := Faults(&cert, "example.org", root.roots(), time.Now())
			if !slices.EqualFunc(got, c.want, strings.HasPrefix) {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestACertificateThatSignsItselfHasNoFaultInItsChain(t *testing.T) {
	t.Parallel()
	both, err := selfSigned([]string{"example.org"}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	cert, err := tls.X509KeyPair(both, both)
	if err != nil {
		t.Fatal(err)
	}
	if faults := Faults(&cert, "example.org", nil, time.Now()); len(faults) > 0 {
		t.Error(faults)
	}
}
