package auth

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"testing"
	"time"

	"github.com/xdg-go/scram"
)

// handshake returns both ends' states of a TLS connection.
func handshake(t *testing.T, cfg *tls.Config) (client, server tls.ConnectionState) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	a, b := net.Pipe()
	cert := tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	cfg.InsecureSkipVerify = true // the certificate is made up
	c := tls.Client(a, cfg)
	s := tls.Server(b, &tls.Config{Certificates: []tls.Certificate{cert}, SessionTicketsDisabled: true})
	done := make(chan error, 1)
	go func() { done <- s.Handshake() }()
	if err := c.Handshake(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	return c.ConnectionState(), s.ConnectionState()
}

func TestBothEndsOfATLSConnectionShareItsBinding(t *testing.T) {
	t.Parallel()
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		client, server := handshake(t, &tls.Config{MaxVersion: version})
		ch := TLSChannel(server)
		theirs, err := scram.NewTLSExporterBinding(&client)
		if err != nil || !ch.Secured || !bytes.Equal(ch.Exporter, theirs.Data) {
			t.Errorf("TLS %x: %+v, the client has %x, %v", version, ch, theirs.Data, err)
		}
		l := login{mechanism: "SCRAM-SHA-256-PLUS", user: "alice", password: password, binding: theirs.Data}
		if r := last(l.run(t, authenticator(t, accounts(t)).Begin("localhost", ch))); r.Kind != Success {
			t.Errorf("TLS %x: %+v, want success", version, r)
		}
	}
}

// A client that permits renegotiation can't export (crypto/tls), which stands
// here for TLS 1.2 without extended master secret.
func TestAConnectionThatCantExportHasNoBinding(t *testing.T) {
	t.Parallel()
	client, _ := handshake(t, &tls.Config{MaxVersion: tls.VersionTLS12, Renegotiation: tls.RenegotiateOnceAsClient})
	if ch := TLSChannel(client); !ch.Secured || ch.Exporter != nil {
		t.Errorf("%+v, want a secured channel without binding", ch)
	}
}
