package auth

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"slices"
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
		ch := TLSChannel(server, nil)
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
	if ch := TLSChannel(client, nil); !ch.Secured || ch.Exporter != nil {
		t.Errorf("%+v, want a secured channel without binding", ch)
	}
}

// The client has the certificate from the handshake, the server its own.
func TestBothEndsHashTheCertificateThatWasShown(t *testing.T) {
	t.Parallel()
	client, server := handshake(t, &tls.Config{})
	ch := TLSChannel(server, client.PeerCertificates[0])
	if got := ch.Bindings(); !slices.Equal(got, []string{"tls-exporter", "tls-server-end-point"}) {
		t.Errorf("the types are %q", got)
	}
	// RFC 5929, 4.1: by the hash of the certificate's signature, here SHA-256.
	sum := sha256.Sum256(client.PeerCertificates[0].Raw)
	for _, mechanism := range []string{"SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS"} {
		l := login{mechanism: mechanism, user: "alice", password: password, binding: sum[:], endPoint: true}
		if r := last(l.run(t, authenticator(t, accounts(t)).Begin("localhost", ch))); r.Kind != Success {
			t.Errorf("%s: %+v, want success", mechanism, r)
		}
	}
}

func TestACertificateWhoseSignatureHasNoHashOfItsOwnIsNotBoundTo(t *testing.T) {
	t.Parallel()
	_, server := handshake(t, &tls.Config{})
	ch := TLSChannel(server, &x509.Certificate{SignatureAlgorithm: x509.PureEd25519})
	if got := ch.Bindings(); !slices.Equal(got, []string{"tls-exporter"}) {
		t.Errorf("the types are %q, want tls-exporter alone", got)
	}
}
