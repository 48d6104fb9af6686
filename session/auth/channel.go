package auth

import (
	"crypto/tls"

	"github.com/xdg-go/scram"
)

// A Channel says what an exchange may rely on of its connection. The zero
// Channel is one that isn't secured.
type Channel struct {
	// Secured means that nobody else can read what is sent.
	Secured bool
	// AllowPlaintext permits PLAIN although the channel isn't secured.
	AllowPlaintext bool
	// Exporter is the channel binding data of type tls-exporter (RFC 9266).
	// With it the -PLUS mechanisms are offered, and the stream should say the
	// type as well (XEP-0440).
	Exporter []byte
}

// TLSChannel is the channel of a connection that finished its TLS handshake.
// Where TLS can't export keying material safely (before TLS 1.3 without
// extended master secret) there is no channel binding.
func TLSChannel(state tls.ConnectionState) Channel {
	ch := Channel{Secured: true}
	if b, err := scram.NewTLSExporterBinding(&state); err == nil {
		ch.Exporter = b.Data
	}
	return ch
}

func (ch Channel) plaintext() bool { return ch.Secured || ch.AllowPlaintext }

func (ch Channel) binding() scram.ChannelBinding {
	if len(ch.Exporter) == 0 {
		return scram.ChannelBinding{}
	}
	return scram.ChannelBinding{Type: scram.ChannelBindingTLSExporter, Data: ch.Exporter}
}
