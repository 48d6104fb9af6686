package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// selfSignedPair writes NAME.crt and NAME.key, for a domain and a time.
func selfSignedPair(t *testing.T, path, domain string, lasts time.Duration) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	of := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{domain}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(lasts)}
	cert, err := x509.CreateCertificate(rand.Reader, of, of, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write(t, path+".crt", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})), 0o600)
	write(t, path+".key", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), 0o600)
}

// checked is what config check says of a file.
func checked(t *testing.T, file string) (faults, notes string) {
	t.Helper()
	said, err := command(t, "config", "check", file, "--json")
	var v checkView
	line, _, _ := strings.Cut(said, "\n")
	if json.Unmarshal([]byte(line), &v) != nil {
		t.Fatalf("%s: %s, %v", file, said, err)
	}
	for _, f := range v.Faults {
		at := 0
		if f.Line != nil {
			at = *f.Line
		}
		faults += fmt.Sprintf("%d: %s\n", at, f.Fault)
	}
	if (err != nil) != (faults != "") {
		t.Errorf("%s: %s, and yet %v", file, faults, err)
	}
	return faults, strings.Join(v.Notes, "\n")
}

// A service that can't start with its certificates, and clients that won't come in by them,
// are known of before.
func TestCheckOpensTheCertificates(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const year = 365 * 24 * time.Hour
	selfSignedPair(t, filepath.Join(dir, "good", "a"), "a.example", year)
	selfSignedPair(t, filepath.Join(dir, "good", "b"), "b.example", 5*24*time.Hour)
	selfSignedPair(t, filepath.Join(dir, "half", "a"), "a.example", year)
	selfSignedPair(t, filepath.Join(dir, "half", "b"), "b.example", year)
	if err := os.Rename(filepath.Join(dir, "half", "a.key"), filepath.Join(dir, "half", "b.key")); err != nil {
		t.Fatal(err)
	}
	selfSignedPair(t, filepath.Join(dir, "half", "a"), "a.example", year)
	write(t, filepath.Join(dir, "no.nk"), "no seed", 0o600)
	write(t, filepath.Join(dir, "shown.nk"), "SUAAA", 0o644)
	of := func(name string) string { return filepath.Join(dir, name) }
	for name, tt := range map[string]struct{ text, faults, notes string }{
		"all is well":        {fmt.Sprintf("domain = \"a.example\"\ncerts = %q", of("good")), "", ""},
		"ends soon":          {fmt.Sprintf("domain = [\"a.example\", \"b.example\"]\ncerts = %q", of("good")), "", `^/.*/good/b.crt: clients will not like a certificate: it ends on [0-9-]+, in 4 days$`},
		"none for a domain":  {fmt.Sprintf("domain = \"c.example\"\ncerts = %q", of("good")), `^2: --certs: .*/good: there is no certificate for c.example, only for a.example, b.example\n$`, ""},
		"a key of another's": {fmt.Sprintf("domain = \"a.example\"\ncert = %q\nkey = %q", of("good/a.crt"), of("good/b.key")), `^2: --cert and --key: tls: private key does not match public key\n$`, ""},
		"one is left out":    {fmt.Sprintf("domain = \"a.example\"\ncerts = %q", of("half")), "", `^/.*/half/b.crt: tls: private key does not match public key \(it is left out\)$`},
		"a wrong name":       {fmt.Sprintf("domain = \"c.example\"\ncert = %q\nkey = %q", of("good/a.crt"), of("good/a.key")), "", `good/a.crt: .*is not for c.example but for a.example`},
		"needs none":         {fmt.Sprintf("roles = [\"publisher\"]\nhttp = \"\"\nnats = \"nats://n\"\ncert = %q\nkey = %q", of("good/a.crt"), of("good/b.key")), "", ""},
		"no key for NATS":    {fmt.Sprintf("nats = \"tls://n\"\nnkey = %q", of("no.nk")), `^2: --nkey: credentials: .*no.nk: `, ""},
		"one that is shown":  {fmt.Sprintf("nats = \"tls://n\"\nnkey = %q", of("shown.nk")), `^2: others can use .*shown.nk \(mode 0644\): chmod 600 it.*\(change --nkey\)\n`, ""},
		"NATS's certificate": {fmt.Sprintf("nats = \"tls://n\"\nnats-ca = %q\nnats-cert = %q\nnats-key = %q", of("good/a.key"), of("good/a.crt"), of("good/b.key")),
			`^2: --nats-ca: credentials: .*a.key has no certificate in PEM\n3: --nats-cert and --nats-key: credentials: tls: private key does not match public key\n$`, ""},
	} {
		file := write(t, filepath.Join(t.TempDir(), "x.toml"), tt.text, 0o600)
		faults, notes := checked(t, file)
		if !regexp.MustCompile("(?s)"+tt.faults).MatchString(faults) || !regexp.MustCompile("(?s)"+tt.notes).MatchString(notes) || (tt.faults == "") != (faults == "") || (tt.notes == "") != (notes == "") {
			t.Errorf("%s: faults %q, notes %q", name, faults, notes)
		}
	}
}
