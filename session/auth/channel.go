package auth

import (
	"crypto/tls"
	"crypto/x509"

	"github.com/xdg-go/scram"
)

// A Channel says what an exchange may rely on of its connection. The zero
// Channel is one that isn't secured.
type Channel struct {
	// Secured means that nobody else can read what is sent.
	Secured bool
	// AllowPlaintext permits PLAIN although the channel isn't secured.
	AllowPlaintext bool
	// Exporter is the channel binding data of type tls-exporter (RFC 9266), and
	// EndPoint that of type tls-server-end-point (RFC 5929, section 4). With
	// either, the -PLUS mechanisms are offered, and the stream should say the
	// types as well (XEP-0440): see Bindings.
	Exporter, EndPoint []byte
	// Client is the chain of certificates that the client presented in its TLS
	// handshake, its own first, which it has shown to have the key of. Nobody need have
	// looked at it further: see [Certificates].
	Client []*x509.Certificate
}

// TLSChannel is the channel of a connection that finished its TLS handshake,
// with the certificate that the server showed in it, nil if that isn't known or
// none was shown. Where TLS can't export keying material safely (before TLS 1.3
// without extended master secret) there is no tls-exporter, and where the
// certificate's signature has no single hash (Ed25519 for one) there is no
// tls-server-end-point.
func TLSChannel(state tls.ConnectionState, shown *x509.Certificate) Channel {
	ch := Channel{Secured: true, Client: state.PeerCertificates}
	if b, err := scram.NewTLSExporterBinding(&state); err == nil {
		ch.Exporter = b.Data
	}
	if shown == nil {
		return ch
	}
	// The library is a client's: it looks for the certificate of the peer.
	client := tls.ConnectionState{PeerCertificates: []*x509.Certificate{shown}}
	if b, err := scram.NewTLSServerEndpointBinding(&client); err == nil {
		ch.EndPoint = b.Data
	}
	return ch
}

// Bindings are the names of the types of channel binding that the channel has,
// the better one first: one binds to the connection, the other to whoever has
// the certificate.
func (ch Channel) Bindings() (names []string) {
	for _, b := range ch.bindings() {
		names = append(names, string(b.Type))
	}
	return names
}

func (ch Channel) plaintext() bool { return ch.Secured || ch.AllowPlaintext }

func (ch Channel) bindings() (list []scram.ChannelBinding) {
	for _, b := range []scram.ChannelBinding{
		{Type: scram.ChannelBindingTLSExporter, Data: ch.Exporter},
		{Type: scram.ChannelBindingTLSServerEndpoint, Data: ch.EndPoint},
	} {
		if b.IsSupported() {
			list = append(list, b)
		}
	}
	return list
}

// binding is the one of the type that a client names, otherwise one of another
// type, for which its choice is refused; the zero one if there is none.
func (ch Channel) binding(name string) (found scram.ChannelBinding) {
	for _, b := range ch.bindings() {
		if string(b.Type) == name || !found.IsSupported() {
			found = b
		}
	}
	return found
}
