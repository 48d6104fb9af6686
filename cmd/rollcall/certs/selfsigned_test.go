package certs

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/natsd"
	"github.com/rollcall-xmpp/rollcall/events"
)

// A service is one whose connectors share a certificate.
type service struct {
	*testing.T
	docs events.Documents
}

func newService(t *testing.T) service {
	t.Helper()
	t.Parallel()
	server, err := natsd.Start(t.Context(), natsd.Options{DataDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Shutdown)
	b, err := bus.Connect(t.Context(), bus.Config{InProcess: server})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return service{t, b.Service()}
}

// connector gives what a connector with a file of its own has.
func (s service) connector(domains ...string) *SelfSigned {
	return &SelfSigned{
		File: filepath.Join(s.TempDir(), "tls.pem"), Domains: domains, Docs: s.docs, Logger: slog.New(slog.DiscardHandler),
		Write: func(path string, data []byte) error { return os.WriteFile(path, data, 0o600) },
	}
}

// ensured gives what is in the file after Ensure.
func (s service) ensured(c *SelfSigned) []byte {
	s.Helper()
	if err := c.Ensure(s.Context()); err != nil {
		s.Fatal(err)
	}
	data, err := os.ReadFile(c.File)
	if err != nil {
		s.Fatal(err)
	}
	return data
}

func TestASelfSignedCertificateIsForTheDomainsAndThisMachine(t *testing.T) {
	t.Parallel()
	both, err := selfSigned([]string{"example.org", "bücher.example"}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	leaf := parse(both)
	for _, name := range []string{"example.org", "xn--bcher-kva.example", "localhost", "127.0.0.1", "::1"} {
		if err := leaf.VerifyHostname(name); err != nil {
			t.Error(err)
		}
	}
	// Clients by NSS, Pidgin for one, let their users accept no other.
	if err := leaf.CheckSignatureFrom(leaf); err != nil {
		t.Error("it may not sign itself:", err)
	}
	if !fits(leaf, []string{"example.org"}, time.Now()) {
		t.Error("a fresh certificate does not fit")
	}
	if fits(leaf, []string{"example.org"}, leaf.NotAfter.Add(-24*time.Hour)) {
		t.Error("a certificate that ends tomorrow fits")
	}
}

func TestTheConnectorsOfAServiceShowTheSameCertificate(t *testing.T) {
	s := newService(t)
	first := s.connector("example.org")
	made := s.ensured(first)
	if again := s.ensured(first); !bytes.Equal(again, made) {
		t.Error("the next start has another")
	}
	if other := s.ensured(s.connector("example.org")); !bytes.Equal(other, made) {
		t.Error("another connector has another")
	}
}

func TestConnectorsThatStartAtOnceAgree(t *testing.T) {
	s := newService(t)
	const n = 8
	all := make(chan []byte, n)
	for range n {
		c := s.connector("example.org")
		go func() {
			if err := c.Ensure(s.Context()); err != nil {
				s.Error(err)
			}
			data, _ := os.ReadFile(c.File)
			all <- data
		}()
	}
	one := <-all
	for range n - 1 {
		if !bytes.Equal(<-all, one) {
			t.Fatal("two have different ones")
		}
	}
	if parse(one) == nil {
		t.Error("it is no certificate")
	}
}

func TestTheCertificateOfBeforeBecomesThatOfTheService(t *testing.T) {
	s := newService(t)
	c := s.connector("example.org")
	old, err := selfSigned(c.Domains, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	put(t, old, c.File)
	if got := s.ensured(c); !bytes.Equal(got, old) {
		t.Error("it was replaced")
	}
	if got := s.ensured(s.connector("example.org")); !bytes.Equal(got, old) {
		t.Error("it was not shared")
	}
}

func TestANewDomainIsAddedToTheCertificateAndNoneIsLost(t *testing.T) {
	s := newService(t)
	s.ensured(s.connector("example.org", "192.0.2.1"))
	wider := s.ensured(s.connector("example.net"))
	if !fits(parse(wider), []string{"example.org", "192.0.2.1", "example.net"}, time.Now()) {
		t.Error("it is not for all domains")
	}
	if again := s.ensured(s.connector("example.org")); !bytes.Equal(again, wider) {
		t.Error("the connector of before made another")
	}
}

func TestACertificateIsRenewedBeforeItEnds(t *testing.T) {
	s := newService(t)
	c := s.connector("example.org")
	old, err := selfSigned(c.Domains, time.Now().Add(renewBefore-selfSignedLife-time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	put(t, old, c.File)
	if got := s.ensured(c); bytes.Equal(got, old) {
		t.Error("one that ends soon was kept")
	}
}

func TestADamagedCertificateIsNotReplacedSilently(t *testing.T) {
	s := newService(t)
	c := s.connector("example.org")
	put(t, []byte("junk"), c.File)
	if err := c.Ensure(t.Context()); err == nil {
		t.Error("no error")
	}
}

func TestAGoodCertificateWillDoWhileTheServiceCannotBeAsked(t *testing.T) {
	s := newService(t)
	c := s.connector("example.org")
	made := s.ensured(c)
	c.Docs = unreachable{}
	if got := s.ensured(c); !bytes.Equal(got, made) {
		t.Error("it was replaced")
	}
	if err := (&SelfSigned{File: filepath.Join(t.TempDir(), "tls.pem"), Domains: c.Domains, Docs: unreachable{}, Logger: c.Logger}).Ensure(t.Context()); err == nil {
		t.Error("a connector without one goes on alone")
	}
}

// unreachable are documents that can't be reached.
type unreachable struct{ events.Documents }

func (unreachable) Get(context.Context, events.JID) (events.Document, error) {
	return events.Document{}, events.ErrUnavailable
}
