package c2s

import (
	"crypto/tls"
	"crypto/x509"

	"rollcall/session/auth"
	"rollcall/session/stanza"
)

// Channel binding: RFC 5802, 6, with tls-exporter (RFC 9266) and, for clients
// that have no other, tls-server-end-point (RFC 5929, 4), announced as XEP-0440
// says. tls-unique does not exist in TLS 1.3.
//
// SASL2 always offers it: its clients must know XEP-0440, and take the offer
// only if they know the type. RFC 6120's profile has no way to say the type, and
// clients that know tls-unique alone, such as slixmpp 1.8, take the offer, fail
// at it, and fall back to weaker and weaker mechanisms, to PLAIN at last: there
// it is off unless Config.ChannelBinding says otherwise. What a client says of
// what it was offered ("y") is judged by what its profile offers; so who strips
// SASL2 from the features is found out by clients that remember the mechanism
// that they used last, and by no others.

// channel is what an exchange may rely on of the connection as it is now.
func (c *conn) channel(p profile) auth.Channel {
	if t, ok := c.nc.(*tls.Conn); ok && (p == sasl2 || c.srv.cfg.ChannelBinding) {
		if c.binding == nil {
			state := t.ConnectionState()
			ch := auth.TLSChannel(state, c.shown(&state))
			c.binding = &ch
		}
		return *c.binding
	}
	return auth.Channel{Secured: c.secured, AllowPlaintext: c.srv.cfg.AllowPlaintext}
}

// shown is the certificate that the client has seen in its handshake, nil for a
// session resumed by TLS: that of an earlier connection is not known.
func (c *conn) shown(state *tls.ConnectionState) *x509.Certificate {
	if c.certificate == nil || state.DidResume {
		return nil
	}
	if c.certificate.Leaf != nil {
		return c.certificate.Leaf
	}
	leaf, err := x509.ParseCertificate(c.certificate.Certificate[0])
	if err != nil {
		return nil // the client will not have made sense of it either
	}
	return leaf
}

// shaken is the key of a conn in the context of its TLS handshake.
type shaken struct{}

// noting is a configuration by which each conn notes which certificate it
// shows: it may be another one the next time, and TLS does not say.
func noting(cfg *tls.Config) *tls.Config {
	if cfg == nil {
		return nil
	}
	choose, own := cfg.GetCertificate, cfg.Certificates
	if choose == nil {
		choose = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) { return firstFor(hello, own), nil }
	}
	cfg = cfg.Clone()
	cfg.Certificates = nil // or not every client would be asked about
	cfg.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		cert, err := choose(hello)
		if c, ok := hello.Context().Value(shaken{}).(*conn); ok {
			c.certificate = cert
		}
		return cert, err
	}
	return cfg
}

// firstFor chooses as TLS does: what the client can make use of, else anything.
func firstFor(hello *tls.ClientHelloInfo, list []tls.Certificate) *tls.Certificate {
	for i := range list {
		if hello.SupportsCertificate(&list[i]) == nil {
			return &list[i]
		}
	}
	if len(list) == 0 {
		return nil
	}
	return &list[0]
}

// appendBindings says which types the mechanisms use that bind.
func appendBindings(b []byte, types []string) []byte {
	if len(types) == 0 {
		return b
	}
	b = append(b, "<sasl-channel-binding xmlns='"+stanza.NSChannelBinding+"'>"...)
	for _, t := range types {
		b = append(stanza.AppendAttr(append(b, "<channel-binding"...), "type", t), "/>"...)
	}
	return append(b, "</sasl-channel-binding>"...)
}
