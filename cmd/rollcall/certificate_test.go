package main

import (
	"crypto/tls"
	"log/slog"
	"os"
	"testing"
	"time"
)

func certificateOf(t *testing.T, dir *dataDir, domains ...string) *tls.Certificate {
	t.Helper()
	pair, err := loadPair(&Config{Domains: domains}, dir, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return pair.current.Load()
}

func TestASelfSignedCertificateIsMadeOnceAndIsForTheDomainsAndThisMachine(t *testing.T) {
	t.Parallel()
	dir := &dataDir{path: t.TempDir()}
	first := certificateOf(t, dir, "example.org", "bücher.example")
	for _, name := range []string{"example.org", "xn--bcher-kva.example", "localhost", "127.0.0.1", "::1"} {
		if err := first.Leaf.VerifyHostname(name); err != nil {
			t.Error(err)
		}
	}
	// Clients by NSS, Pidgin for one, let their users accept no other.
	if err := first.Leaf.CheckSignatureFrom(first.Leaf); err != nil {
		t.Error("it may not sign itself:", err)
	}
	info, err := os.Stat(dir.file("tls.pem"))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the key's file has mode %o", info.Mode().Perm())
	}
	if again := certificateOf(t, dir, "example.org"); !again.Leaf.Equal(first.Leaf) {
		t.Error("the next start made another certificate")
	}
	if other := certificateOf(t, dir, "example.net"); other.Leaf.Equal(first.Leaf) {
		t.Error("a new domain got the old certificate")
	}
}

func TestACertificateIsReplacedBeforeItEnds(t *testing.T) {
	t.Parallel()
	leaf := certificateOf(t, &dataDir{path: t.TempDir()}, "example.org").Leaf
	if !fits(leaf, []string{"example.org"}, time.Now()) {
		t.Error("a fresh certificate does not fit")
	}
	if fits(leaf, []string{"example.org"}, leaf.NotAfter.Add(-24*time.Hour)) {
		t.Error("a certificate that ends tomorrow fits")
	}
}

func TestADamagedCertificateIsNotReplacedSilently(t *testing.T) {
	t.Parallel()
	dir := &dataDir{path: t.TempDir()}
	if err := os.WriteFile(dir.file("tls.pem"), []byte("junk"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := loadPair(&Config{Domains: []string{"example.org"}}, dir, slog.New(slog.DiscardHandler)); err == nil {
		t.Error("no error")
	}
}
