package certs

import (
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// sharedKey is that of the document with the service's self-signed certificate. It is no
// account: it has no localpart, and a domain that nobody has (RFC 6761, 6.4).
var sharedKey = events.StoredJID("certificate.rollcall.invalid")

// A SelfSigned looks after the self-signed certificate of a service. There is one, which
// its connectors share through a document, so that a client whose user has accepted it
// is not asked again by another connector. Each has a copy in its File.
type SelfSigned struct {
	File    string
	Domains []string // prepared
	Docs    events.Documents
	// Write writes File, which only its owner may read, whole or not at all.
	Write  func(path string, data []byte) error
	Logger *slog.Logger
}

// Ensure sees to it that File has the certificate of the service, and that this is good
// for the domains and for a while yet. If it is not, one is made that is good for the
// domains of the one before, too. While the document can't be reached a good one in File will do.
func (s *SelfSigned) Ensure(ctx context.Context) error {
	mine, err := s.read()
	if err != nil {
		return err
	}
	now := time.Now()
	doc, err := events.Update(ctx, s.Docs, sharedKey, func(shared events.Document) ([]byte, error) {
		theirs := parse(shared.Data)
		switch {
		case theirs != nil && fits(theirs, s.Domains, now):
			return shared.Data, nil
		case theirs == nil && mine != nil && fits(parse(mine), s.Domains, now):
			return mine, nil // the first connector that has one
		}
		domains := slices.Clone(s.Domains)
		if theirs != nil {
			domains = append(domains, theirs.DNSNames...)
			for _, ip := range theirs.IPAddresses {
				domains = append(domains, ip.String())
			}
		}
		return selfSigned(domains, now)
	})
	switch {
	case err == nil:
	case mine != nil && fits(parse(mine), s.Domains, now) && ctx.Err() == nil:
		s.Logger.Warn("the self-signed certificate is not shared with other connectors", "error", err)
		return nil
	default:
		return fmt.Errorf("the service's self-signed certificate: %w", err)
	}
	if bytes.Equal(doc.Data, mine) {
		return nil
	}
	if err := s.Write(s.File, doc.Data); err != nil {
		return fmt.Errorf("self-signed certificate: %w", err)
	}
	return nil
}

// read gives what is in File, nil if it is not there. Something else is not overwritten.
func (s *SelfSigned) read() ([]byte, error) {
	data, err := os.ReadFile(s.File)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, nil
	case err == nil && parse(data) == nil:
		err = errors.New("it has no certificate with its key")
	}
	if err != nil {
		return nil, fmt.Errorf("self-signed certificate: %s: %w; remove it to get another", s.File, err)
	}
	return data, nil
}

// parse gives the certificate of a pair, nil if it is none.
func parse(both []byte) *x509.Certificate {
	pair, err := tls.X509KeyPair(both, both)
	if err != nil {
		return nil
	}
	return pair.Leaf
}

// Fingerprints are the SHA-256 and the SHA-1 of a certificate as clients show them, one
// of them each, to people who are to compare: bytes in hexadecimal with colons between.
func Fingerprints(cert *x509.Certificate) (long, short string) {
	colons := func(sum []byte) string { return strings.ReplaceAll(fmt.Sprintf("% X", sum), " ", ":") }
	sum256, sum1 := sha256.Sum256(cert.Raw), sha1.Sum(cert.Raw)
	return colons(sum256[:]), colons(sum1[:])
}
