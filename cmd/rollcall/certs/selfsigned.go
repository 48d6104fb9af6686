package certs

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/idna"
)

// selfSignedLife is how long a self-signed certificate is good for. It is made
// anew within renewBefore of its end.
const (
	selfSignedLife = 825 * 24 * time.Hour
	renewBefore    = 30 * 24 * time.Hour
)

// fits reports that a certificate is good for all domains and for a while yet.
func fits(cert *x509.Certificate, domains []string, now time.Time) bool {
	for _, d := range domains {
		if cert.VerifyHostname(asciiName(d)) != nil {
			return false
		}
	}
	return now.Before(cert.NotAfter.Add(-renewBefore))
}

// selfSigned makes a key and a certificate for the domains and for this
// machine's own names, and returns both as PEM.
func selfSigned(domains []string, now time.Time) ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	template := x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: "Rollcall, self-signed"},
		NotBefore:    now.Add(-time.Hour), // clocks of clients may be behind
		NotAfter:     now.Add(selfSignedLife),
		KeyUsage:     x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		// Only an authority may sign, even itself.
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true,
	}
	for _, name := range append([]string{"localhost", "127.0.0.1", "::1"}, domains...) {
		name = asciiName(name)
		switch ip := net.ParseIP(name); {
		case ip == nil && !slices.Contains(template.DNSNames, name):
			template.DNSNames = append(template.DNSNames, name)
		case ip != nil && !slices.ContainsFunc(template.IPAddresses, ip.Equal):
			template.IPAddresses = append(template.IPAddresses, ip)
		}
	}
	cert, err := x509.CreateCertificate(rand.Reader, &template, &template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return append(
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})...), nil
}

// asciiName is a domain as certificates have it.
func asciiName(domain string) string {
	if ip := strings.Trim(domain, "[]"); net.ParseIP(ip) != nil {
		return ip
	}
	if ascii, err := idna.Lookup.ToASCII(domain); err == nil {
		return ascii
	}
	return domain
}
