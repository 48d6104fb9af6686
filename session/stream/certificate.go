package stream

import (
	"crypto/tls"
	"crypto/x509"
)

// Which certificate a peer has seen: it may be another one the next time, and TLS
// does not say.

// certificate is the one that the peer was shown in its handshake, nil for a
// session resumed by TLS: that of an earlier connection is not known.
func (c *Conn) certificate(state *tls.ConnectionState) *x509.Certificate {
	if c.shown == nil || state.DidResume {
		return nil
	}
	if c.shown.Leaf != nil {
		return c.shown.Leaf
	}
	leaf, err := x509.ParseCertificate(c.shown.Certificate[0])
	if err != nil {
		return nil // the client will not have made sense of it either
	}
	return leaf
}

// shaken is the key of a connection in the context of its TLS handshake.
type shaken struct{}

// noting is a configuration by which each connection notes which certificate it
// shows. A client that names no domain (RFC 6066, 3) but asked for TLS in a stream has
// named it there.
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
		c, ok := hello.Context().Value(shaken{}).(*Conn)
		if !ok {
			return choose(hello)
		}
		if hello.ServerName == "" {
			hello.ServerName = c.host
		}
		cert, err := choose(hello)
		c.show(cert)
		return cert, err
	}
	return cfg
}

// firstFor chooses as TLS does: the first that the client can make use of,
// otherwise the first of all.
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
