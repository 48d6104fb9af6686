package c2s_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/session/auth"
	"github.com/rollcall-xmpp/rollcall/session/c2s"
)

// An identity is an authority, or a client that it has certified.
type identity struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// certify makes an identity; by nil makes an authority.
func certify(t *testing.T, by *identity, email ...string) *identity {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		EmailAddresses: email, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	if by == nil {
		c.IsCA, c.BasicConstraintsValid, c.KeyUsage, c.ExtKeyUsage = true, true, x509.KeyUsageCertSign, nil
		c.Subject.CommonName = "CA"
		by = &identity{c, key}
	}
	der, err := x509.CreateCertificate(rand.Reader, c, by.cert, &key.PublicKey, by.key)
	if err != nil {
		t.Fatal(err)
	}
	if c, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	return &identity{c, key}
}

func (i *identity) letIn(c *c2s.Config) {
	roots := x509.NewCertPool()
	roots.AddCert(i.cert)
	c.Users = map[string]auth.Domain{domain: {Certificates: &auth.Certificates{Roots: roots, Names: []auth.CertificateName{auth.Email}}}}
}

// present is TLS with the client's certificate.
func (i *identity) present(t *testing.T, version uint16) *tls.Config {
	t.Helper()
	cfg := trusting(t)
	cfg.MinVersion, cfg.MaxVersion = version, version
	if i != nil {
		cfg.Certificates = []tls.Certificate{{Certificate: [][]byte{i.cert.Raw}, PrivateKey: i.key}}
	}
	return cfg
}

const (
	byCertificate  = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>=</auth>"
	byCertificate2 = "<authenticate xmlns='urn:xmpp:sasl:2' mechanism='EXTERNAL'><initial-response/></authenticate>"
)

func TestAClientWithACertificateLogsInWithoutAPassword(t *testing.T) {
	ca := certify(t, nil)
	w := secureWorld(t, ca.letIn)
	alice := certify(t, ca, "alice@localhost")
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for name, serve := range map[string]func(*c2s.Server, context.Context, net.Listener) error{
			"STARTTLS": (*c2s.Server).Serve, "direct TLS": (*c2s.Server).ServeTLS,
		} {
			for _, by := range []string{byCertificate, byCertificate2} {
				l := dial(t, w.listen(serve))
				if name == "STARTTLS" {
					l.open()
					l.say("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
					l.hear("<proceed")
				}
				l.secureBy(alice.present(t, version))
				if f := l.open(); strings.Count(f, "<mechanism>EXTERNAL</mechanism>") != 2 {
					t.Errorf("%s, %s: offered is %s", tls.VersionName(version), name, f)
				}
				l.say(by)
				l.hear("<success")
			}
		}
	}
}

func TestWithoutAValidCertificateExternalIsNotOffered(t *testing.T) {
	ca := certify(t, nil)
	w := secureWorld(t, ca.letIn)
	address := w.listen((*c2s.Server).ServeTLS)
	for name, client := range map[string]*identity{
		"none": nil, "of another authority": certify(t, certify(t, nil), "alice@localhost"), "of somebody elsewhere": certify(t, ca, "alice@example.org"),
	} {
		l := dial(t, address)
		l.secureBy(client.present(t, tls.VersionTLS13))
		if f := l.open(); strings.Contains(f, "EXTERNAL") || !strings.Contains(f, "SCRAM-SHA-256") {
			t.Errorf("%s: offered is %s", name, f)
		}
		l.say(byCertificate)
		l.hear("<invalid-mechanism")
	}
}

// Some clients show their user a dialogue when they are asked.
func TestOnlyClientsOfDomainsWithCertificatesAreAskedForOne(t *testing.T) {
	ca := certify(t, nil)
	w := secureWorld(t, func(c *c2s.Config) {
		ca.letIn(c)
		c.Domains = append(c.Domains, "plain.example")
	})
	for name, c := range map[string]struct {
		serve  func(*c2s.Server, context.Context, net.Listener) error
		server string
		want   bool
	}{
		"with":        {(*c2s.Server).ServeTLS, domain, true},
		"in capitals": {(*c2s.Server).ServeTLS, strings.ToUpper(domain), true},
		"without":     {(*c2s.Server).ServeTLS, "plain.example", false},
		"WebSocket":   {(*c2s.Server).ServeWebSocketTLS, domain, false},
	} {
		asked := false
		l := dial(t, w.listen(c.serve))
		l.secureBy(&tls.Config{
			InsecureSkipVerify: true, ServerName: c.server,
			GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
				asked = true
				return &tls.Certificate{}, nil
			},
		})
		if asked != c.want {
			t.Errorf("%s: asked: %t", name, asked)
		}
	}
}

// TLS that is resumed knows the certificate of the connection before.
func TestAResumedTLSStillHasItsCertificate(t *testing.T) {
	ca := certify(t, nil)
	w := secureWorld(t, ca.letIn)
	address := w.listen((*c2s.Server).ServeTLS)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		cfg := certify(t, ca, "alice@localhost").present(t, version)
		cfg.ClientSessionCache = tls.NewLRUClientSessionCache(1)
		for _, resumed := range []bool{false, true} {
			l := dial(t, address)
			if state := l.secureBy(cfg); state.DidResume != resumed {
				t.Fatalf("%s: resumed: %t", tls.VersionName(version), state.DidResume)
			}
			l.open()
			l.say(byCertificate)
			l.hear("<success")
		}
	}
}
