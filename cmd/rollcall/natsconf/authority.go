package natsconf

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// authorityKey is the file with the authority's key. No server needs it.
const authorityKey = "ca.key"

// valid is how long certificates are. They are of an authority of the servers' own, so that
// nobody's rules but theirs bound it.
const valid = 10 * 365 * 24 * time.Hour

// An authority signs the servers' certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// openAuthority reads the one that is in a directory, or makes it.
func openAuthority(dir string, now time.Time) (*authority, error) {
	certText, certErr := os.ReadFile(filepath.Join(dir, AuthorityFile))
	keyText, keyErr := os.ReadFile(filepath.Join(dir, authorityKey))
	switch {
	case errors.Is(certErr, fs.ErrNotExist) && errors.Is(keyErr, fs.ErrNotExist):
		return newAuthority(dir, now)
	case certErr != nil || keyErr != nil:
		return nil, fmt.Errorf("%s and %s go together: %w", AuthorityFile, authorityKey, errors.Join(certErr, keyErr))
	}
	cert, key := der(certText), der(keyText)
	a := &authority{}
	var err error
	if a.cert, err = x509.ParseCertificate(cert); err != nil {
		return nil, fmt.Errorf("%s: %w", AuthorityFile, err)
	}
	if a.key, err = x509.ParseECPrivateKey(key); err != nil {
		return nil, fmt.Errorf("%s: %w", authorityKey, err)
	}
	return a, nil
}

func newAuthority(dir string, now time.Time) (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	cert := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: "Rollcall NATS"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(valid),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	made, err := x509.CreateCertificate(rand.Reader, cert, cert, key.Public(), key)
	if err != nil {
		return nil, err
	}
	if cert, err = x509.ParseCertificate(made); err != nil {
		return nil, err
	}
	a := &authority{cert, key}
	return a, write(dir, AuthorityFile, authorityKey, made, key)
}

// sign makes a node's certificate anew: for clients, and for the other servers, to whom it is
// a client as well.
func (a *authority) sign(dir string, n Node, now time.Time) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	cert := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: n.Host},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(valid),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if ip := net.ParseIP(n.Host); ip != nil {
		cert.IPAddresses = []net.IP{ip}
	} else {
		cert.DNSNames = []string{n.Host}
	}
	made, err := x509.CreateCertificate(rand.Reader, cert, a.cert, key.Public(), a.key)
	if err != nil {
		return err
	}
	return write(dir, n.Name+".pem", n.Name+".key", made, key)
}

func write(dir, certFile, keyFile string, cert []byte, key *ecdsa.PrivateKey) error {
	text, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	if err := writeFile(filepath.Join(dir, keyFile), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: text}), secretMode); err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, certFile), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}), publicMode)
}

func serial() *big.Int {
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		panic(err) // crypto/rand does not fail
	}
	return n
}

// der is the first block of a PEM file; nil if it has none.
func der(text []byte) []byte {
	if block, _ := pem.Decode(text); block != nil {
		return block.Bytes
	}
	return nil
}
