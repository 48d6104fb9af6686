package main

import (
	"crypto/tls"
	"crypto/x509"
	"regexp"
	"strings"
	"testing"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/certs"
)

// Whoever has accepted the certificate of one connector is not asked by another.
func TestConnectorsOfAServiceShowTheCertificateWhoseFingerprintUpPrints(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := connectorProcess(t, dir, "a", "--c2s-tls", "127.0.0.1:0", "--nats-listen", "127.0.0.1:0")
	second := connectorProcess(t, dir, "b", "--c2s-tls", "127.0.0.1:0", "--nats", first.nats(), "--roles", "connector")
	leaf := shownBy(t, first)
	if !shownBy(t, second).Equal(leaf) {
		t.Error("the second connector shows another certificate")
	}
	for _, p := range []*process{first, second} {
		said := strings.Join(strings.Fields(p.out.String()), " ")
		lines := regexp.MustCompile(`certificate SHA-256 (\S+) (\S+) SHA-1 (\S+)`).FindStringSubmatch(said)
		long, short := certs.Fingerprints(leaf)
		if lines == nil || lines[1]+lines[2] != long || lines[3] != short {
			t.Errorf("%s and %s are not told in:\n%s", long, short, p.out.String())
		}
	}
}

// shownBy is the certificate that a process shows.
func shownBy(t *testing.T, p *process) *x509.Certificate {
	t.Helper()
	at := regexp.MustCompile(`direct TLS +(\S+)`).FindStringSubmatch(p.out.String())
	if at == nil {
		t.Fatalf("no direct TLS:\n%s", p.out.String())
	}
	conn, err := tls.Dial("tcp", at[1], &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0]
}
