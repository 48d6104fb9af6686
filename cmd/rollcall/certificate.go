package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/idna"
)

// selfSignedLife is how long a self-signed certificate is good for. It is made
// anew at a start within renewBefore of its end.
const (
	selfSignedLife = 825 * 24 * time.Hour
	renewBefore    = 30 * 24 * time.Hour
)

// tlsConfig is the connector's TLS, from version 1.2 up (RFC 7590, 3), with
// the certificate that --cert and --key name, or the self-signed one of the data
// directory.
func tlsConfig(pair *keyPair) *tls.Config {
	return &tls.Config{GetCertificate: pair.certificate, MinVersion: tls.VersionTLS12}
}

// loadPair loads the certificate of the configuration or, if it names none, the
// self-signed one of the data directory, which is made when there is none that
// fits the domains and is valid.
func loadPair(cfg *Config, dir *dataDir, log *slog.Logger) (*keyPair, error) {
	if cfg.Cert != "" {
		pair, err := openKeyPair(cfg.Cert, cfg.Key, log)
		if err != nil {
			return nil, change("--cert and --key", fmt.Errorf("certificate: %w", err))
		}
		return pair, nil
	}
	file := dir.file("tls.pem") // one file, so that key and certificate always belong together
	pair, err := openKeyPair(file, file, log)
	if err == nil && fits(pair.current.Load().Leaf, cfg.Domains, time.Now()) {
		return pair, nil
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, change("--cert and --key", fmt.Errorf("self-signed certificate: %w; remove %s to get another", err, file))
	}
	both, err := selfSigned(cfg.Domains, time.Now())
	if err == nil {
		err = writeFile(file, both, 0o600)
	}
	if err != nil {
		return nil, change("--data", fmt.Errorf("make a self-signed certificate: %w", err))
	}
	return openKeyPair(file, file, log)
}

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
		if slices.Contains(template.DNSNames, name) {
			continue
		}
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
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
