package certs

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// WarnBefore is how long before its end a certificate is a fault.
const WarnBefore = 14 * 24 * time.Hour

// Faults are what clients complain of, or soon will, in a certificate with which a
// domain is served: each is a sentence without the certificate as its subject, such
// as "ended on 2026-11-29". The chain is checked against roots, nil meaning those of
// this machine; that of a certificate that signs itself is no fault.
func Faults(cert *tls.Certificate, domain string, roots *x509.CertPool, now time.Time) (all []string) {
	leaf := cert.Leaf
	say := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	switch day := leaf.NotAfter.Format(time.DateOnly); {
	case now.After(leaf.NotAfter):
		say("ended on %s", day)
	case now.Before(leaf.NotBefore):
		say("begins only at %s", leaf.NotBefore.Format(time.DateTime))
	case now.Add(WarnBefore).After(leaf.NotAfter):
		say("ends on %s, in %d days", day, int(leaf.NotAfter.Sub(now)/(24*time.Hour)))
	}
	if leaf.VerifyHostname(asciiName(domain)) != nil {
		say("is not for %s but for %s", domain, names(leaf))
	}
	if fault := chainFault(cert, roots, now); fault != "" {
		say("%s", fault)
	}
	return all
}

// chainFault is why nobody would trust a certificate, were it for the right name and
// valid now.
func chainFault(cert *tls.Certificate, roots *x509.CertPool, now time.Time) string {
	leaf := cert.Leaf
	if leaf.CheckSignature(leaf.SignatureAlgorithm, leaf.RawTBSCertificate, leaf.Signature) == nil {
		return ""
	}
	between := x509.NewCertPool()
	for _, der := range cert.Certificate[1:] {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return fmt.Sprintf("has something in its chain that is no certificate: %v", err)
		}
		between.AddCert(c)
	}
	if now.Before(leaf.NotBefore) || now.After(leaf.NotAfter) {
		now = leaf.NotAfter // said already
	}
	_, err := leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: now})
	switch {
	case err == nil:
		return ""
	case errors.As(err, new(x509.UnknownAuthorityError)) && len(cert.Certificate) == 1:
		return fmt.Sprintf("comes without its chain: the file has no certificate of its issuer, %s", leaf.Issuer)
	case errors.As(err, new(x509.UnknownAuthorityError)):
		return fmt.Sprintf("is of an issuer that this machine does not trust, %s", leaf.Issuer)
	}
	return fmt.Sprintf("is not trusted by this machine: %v", err)
}

// names are those that a certificate is for.
func names(leaf *x509.Certificate) string {
	all := slices.Clone(leaf.DNSNames)
	for _, ip := range leaf.IPAddresses {
		all = append(all, ip.String())
	}
	return some(all)
}

// some are the first few of all, and how many there are besides.
func some(all []string) string {
	const few = 5
	switch {
	case len(all) == 0:
		return "nothing"
	case len(all) > few:
		return fmt.Sprintf("%s and %d others", strings.Join(all[:few], ", "), len(all)-few)
	}
	return strings.Join(all, ", ")
}
