package auth

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// An authority signs certificates of clients.
type authority struct {
	t    testing.TB
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	a := &authority{t: t, key: key}
	a.cert = a.sign(&x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "CA"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Unix(0, 0), NotAfter: time.Unix(2e9, 0), KeyUsage: x509.KeyUsageCertSign,
	})
	return a
}

func (a *authority) sign(template *x509.Certificate) *x509.Certificate {
	a.t.Helper()
	parent := a.cert
	if parent == nil {
		parent = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &a.key.PublicKey, a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return cert
}

func (a *authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

// client makes a client's certificate with some JIDs; change may be nil.
func (a *authority) client(change func(*x509.Certificate), jids ...string) *x509.Certificate {
	a.t.Helper()
	c := &x509.Certificate{
		SerialNumber: big.NewInt(2), NotBefore: time.Unix(0, 0), NotAfter: time.Unix(2e9, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	if len(jids) > 0 {
		c.ExtraExtensions = []pkix.Extension{altNames(a.t, jids...)}
	}
	if change != nil {
		change(c)
	}
	return a.sign(c)
}

// altNames is the extension, critical as it has to be where the subject is empty.
func altNames(t testing.TB, jids ...string) pkix.Extension {
	t.Helper()
	var names []asn1.RawValue
	for _, jid := range jids {
		text, err := asn1.MarshalWithParams(jid, "utf8")
		if err != nil {
			t.Fatal(err)
		}
		id, err := asn1.Marshal(oidXMPPAddr)
		if err != nil {
			t.Fatal(err)
		}
		value, err := asn1.Marshal(asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: text})
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: append(id, value...)})
	}
	der, err := asn1.Marshal(names)
	if err != nil {
		t.Fatal(err)
	}
	return pkix.Extension{Id: oidAltName, Critical: true, Value: der}
}

func TestACertificateIsForTheAccountsOfTheDomainThatItNames(t *testing.T) {
	t.Parallel()
	ca, other := newAuthority(t), newAuthority(t)
	now := time.Unix(1e9, 0)
	all := []CertificateName{XMPPAddr, Email, CommonName}
	named := func(c *x509.Certificate) {
		c.Subject.CommonName, c.EmailAddresses = "carol", []string{"bob@localhost", "bob@elsewhere"}
	}
	for name, c := range map[string]struct {
		cert  *x509.Certificate
		names []CertificateName
		want  []string
	}{
		"one":                     {cert: ca.client(nil, "alice@localhost"), want: []string{"alice@localhost"}},
		"prepared":                {cert: ca.client(nil, "Alice@LOCALHOST"), want: []string{"alice@localhost"}},
		"two":                     {cert: ca.client(nil, "alice@localhost", "bob@localhost"), want: []string{"alice@localhost", "bob@localhost"}},
		"twice the same":          {cert: ca.client(nil, "alice@localhost", "alice@localhost"), want: []string{"alice@localhost"}},
		"of another domain":       {cert: ca.client(nil, "alice@elsewhere", "bob@localhost"), want: []string{"bob@localhost"}},
		"of a domain":             {cert: ca.client(nil, "localhost")},
		"with a resource":         {cert: ca.client(nil, "alice@localhost/r")},
		"no JID":                  {cert: ca.client(nil, "@@")},
		"nothing":                 {cert: ca.client(nil)},
		"other names, not wanted": {cert: ca.client(named)},
		"other names":             {cert: ca.client(named), names: all, want: []string{"bob@localhost", "carol@localhost"}},
		"of another authority":    {cert: other.client(nil, "alice@localhost")},
		"for servers": {cert: ca.client(func(c *x509.Certificate) {
			c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		}, "alice@localhost")},
		"expired":      {cert: ca.client(func(c *x509.Certificate) { c.NotAfter = now.Add(-time.Second) }, "alice@localhost")},
		"not yet good": {cert: ca.client(func(c *x509.Certificate) { c.NotBefore = now.Add(time.Second) }, "alice@localhost")},
		"of something else that must be understood": {cert: ca.client(func(c *x509.Certificate) {
			c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: asn1.ObjectIdentifier{1, 2, 3}, Critical: true, Value: []byte{5, 0}})
		}, "alice@localhost")},
	} {
		certs := &Certificates{Roots: ca.pool(), Names: c.names, Now: func() time.Time { return now }}
		var got []string
		for _, j := range certs.accounts([]*x509.Certificate{c.cert}, "localhost") {
			got = append(got, j.String())
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: it is for %q, not for %q", name, got, c.want)
		}
	}
}

func TestExternalIsOfferedToWhoeverHasAValidCertificateAndLetsThemIn(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	now := func() time.Time { return time.Unix(1e9, 0) }
	a, err := New(Config{
		Accounts: accounts(t), Secret: secret,
		Domains: map[string]Domain{"localhost": {Certificates: &Certificates{Roots: ca.pool(), Now: now}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	begin := func(host string, certs ...*x509.Certificate) *Exchange {
		return a.Begin(host, Channel{Secured: true, Client: certs})
	}
	one := ca.client(nil, "alice@localhost")
	for _, x := range []*Exchange{begin("localhost"), begin("elsewhere", one), begin("localhost", newAuthority(t).client(nil, "alice@localhost"))} {
		if slices.Contains(x.Mechanisms(), "EXTERNAL") {
			t.Error("it is offered without a valid certificate")
		}
		if r := x.Start(t.Context(), "EXTERNAL", []byte{}); r.Condition != InvalidMechanism {
			t.Errorf("it is answered by %+v", r)
		}
	}
	for _, c := range []struct {
		jids    []string
		authzid string
		account string
		want    Condition
	}{
		{jids: []string{"alice@localhost"}, account: "alice@localhost"},
		{jids: []string{"alice@localhost"}, authzid: "alice@localhost", account: "alice@localhost"},
		{jids: []string{"alice@localhost", "a=b@localhost"}, authzid: "a=b@localhost", account: "a=b@localhost"},
		{jids: []string{"alice@localhost", "a=b@localhost"}, want: InvalidAuthzid},
		{jids: []string{"alice@localhost"}, authzid: "a=b@localhost", want: InvalidAuthzid},
		{jids: []string{"alice@localhost"}, authzid: "\xff", want: MalformedRequest},
		{jids: []string{"nobody@localhost"}, account: "nobody@localhost", want: NotAuthorized},
		{jids: []string{"mallory@localhost"}, account: "mallory@localhost", want: AccountDisabled},
		{jids: []string{"down@localhost"}, account: "down@localhost", want: TemporaryAuthFailure},
	} {
		x := begin("localhost", ca.client(nil, c.jids...))
		if m := x.Mechanisms(); m[0] != "EXTERNAL" || !slices.Contains(m, "SCRAM-SHA-256") {
			t.Errorf("offered is %q", m)
		}
		r := x.Start(context.Background(), "EXTERNAL", []byte(c.authzid))
		if r.Condition != c.want || (r.Kind == Success) != (c.want == "") || r.Account != events.StoredJID(c.account) && c.account != "" {
			t.Errorf("%q as %q: %+v", c.jids, c.authzid, r)
		}
	}
}
