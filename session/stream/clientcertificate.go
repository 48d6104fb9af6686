package stream

import (
	"crypto/tls"
	"crypto/x509"
	"strings"

	"golang.org/x/net/idna"
)

// Which peers are asked for a certificate: those of domains that have use for one. Some
// programs show their users a dialogue when they are asked.

// asking is a configuration that asks the peers of some domains. The domain is the one
// that the stream has been opened to, or the one that TLS names (RFC 6066, 3).
func asking(cfg *tls.Config, cas map[string]*x509.CertPool) *tls.Config {
	if cfg == nil || len(cas) == 0 {
		return cfg
	}
	byName := map[string]*tls.Config{}
	for domain, pool := range cas {
		asks := cfg.Clone()
		asks.ClientAuth, asks.ClientCAs = tls.RequestClientCert, pool
		byName[domain] = asks
		if ascii, err := idna.Lookup.ToASCII(domain); err == nil {
			byName[ascii] = asks
		}
	}
	cfg = cfg.Clone()
	cfg.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		name := strings.ToLower(hello.ServerName)
		if c, ok := hello.Context().Value(shaken{}).(*Conn); ok && c.host != "" {
			name = c.host
		}
		return byName[name], nil // nil: as everybody else
	}
	return cfg
}
