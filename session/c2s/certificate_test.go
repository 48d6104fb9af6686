package c2s_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"sync"
	"time"

	"github.com/rollcall-xmpp/rollcall/session/c2s"
)

// selfSigned is what clients of tests trust.
var selfSigned = sync.OnceValue(newCertificate)

// newCertificate is valid in the virtual time of synctest, too, which begins in
// 2000.
func newCertificate() tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: domain}, DNSNames: []string{domain},
		NotBefore: time.Unix(0, 0), NotAfter: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// certificate makes the certificate now and returns a function that configures
// a server with it.
func certificate() func(required bool) func(*c2s.Config) {
	cert := selfSigned()
	return func(required bool) func(*c2s.Config) { return withTLS(cert, required) }
}
