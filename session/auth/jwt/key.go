package jwt

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"

	"github.com/golang-jwt/jwt/v5"
)

// algorithms are those that a token may be signed by.
var algorithms = []string{"HS256", "RS256", "EdDSA"}

const (
	minSecret = 32   // bytes, as long as the hash (RFC 7518, 3.2)
	minRSA    = 2048 // bits (RFC 7518, 3.3)
	maxRSA    = 8192 // bits; checking a signature costs with their square
	maxKeys   = 100  // in a set
)

// A key checks signatures of one algorithm.
type key struct {
	id        string // "" if it has none
	algorithm string
	material  any
}

var errNoKey = errors.New("no key fits")

// fitting gives the keys that may have signed a token: of its algorithm, and with its
// key's id, where both have one.
func fitting(all []key, kid, algorithm string) (any, error) {
	var set jwt.VerificationKeySet
	for _, k := range all {
		if k.algorithm == algorithm && (k.id == kid || k.id == "" || kid == "") {
			set.Keys = append(set.Keys, k.material)
		}
	}
	if len(set.Keys) == 0 {
		return nil, errNoKey
	}
	return set, nil
}

// newKey is a public key, or a secret. The algorithm is the only one that it may be for.
func newKey(id string, material any) (key, error) {
	switch m := material.(type) {
	case []byte:
		if len(m) < minSecret {
			return key{}, fmt.Errorf("the secret has %d bytes; %d are the least", len(m), minSecret)
		}
		return key{id, "HS256", m}, nil
	case *rsa.PublicKey:
		if n := m.N.BitLen(); n < minRSA || n > maxRSA {
			return key{}, fmt.Errorf("the RSA key has %d bits; it must have %d to %d", n, minRSA, maxRSA)
		}
		return key{id, "RS256", m}, nil
	case ed25519.PublicKey:
		return key{id, "EdDSA", m}, nil
	}
	return key{}, fmt.Errorf("a key of type %T; RSA and Ed25519 are possible", material)
}

// parsePEM reads a public key, or the one of a certificate.
func parsePEM(text []byte) (crypto.PublicKey, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("no PEM is in it")
	}
	switch block.Type {
	case "PUBLIC KEY":
		return x509.ParsePKIXPublicKey(block.Bytes)
	case "RSA PUBLIC KEY":
		return x509.ParsePKCS1PublicKey(block.Bytes)
	case "CERTIFICATE":
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		return cert.PublicKey, nil
	}
	return nil, fmt.Errorf("it has a %.40q; a PUBLIC KEY is needed", block.Type)
}

// A jwk is a key as RFC 7517 writes it, as far as it may be of use.
type jwk struct {
	Type  string `json:"kty"`
	ID    string `json:"kid"`
	Use   string `json:"use"`
	Alg   string `json:"alg"`
	N     string `json:"n"`
	E     string `json:"e"`
	Curve string `json:"crv"`
	X     string `json:"x"`
}

// parseSet reads a JWKS. Keys that are for something else, or that nothing here knows,
// are left out (RFC 7517, 5); a set without any other is refused.
func parseSet(text []byte) (all []key, err error) {
	var set struct {
		Keys []jwk `json:"keys"`
	}
	if err := json.Unmarshal(text, &set); err != nil {
		return nil, errors.New("it is no JWKS")
	}
	if len(set.Keys) > maxKeys {
		return nil, fmt.Errorf("it has %d keys; %d are the most", len(set.Keys), maxKeys)
	}
	for _, j := range set.Keys {
		material := j.public()
		if material == nil || j.Use != "" && j.Use != "sig" {
			continue
		}
		if k, err := newKey(j.ID, material); err == nil && (j.Alg == "" || j.Alg == k.algorithm) {
			all = append(all, k)
		}
	}
	if len(all) == 0 {
		return nil, errors.New("it has no key for RS256 or EdDSA")
	}
	return all, nil
}

// public is the key, nil if it is none that is known. Secrets are not taken from sets,
// which others may read.
func (j *jwk) public() crypto.PublicKey {
	switch {
	case j.Type == "RSA":
		n, e := number(j.N), number(j.E)
		if n == nil || e == nil || !e.IsInt64() || e.Int64() < 3 || e.Int64() > 1<<31-1 || e.Bit(0) == 0 {
			return nil
		}
		return &rsa.PublicKey{N: n, E: int(e.Int64())}
	case j.Type == "OKP" && j.Curve == "Ed25519":
		if x, err := base64.RawURLEncoding.DecodeString(j.X); err == nil && len(x) == ed25519.PublicKeySize {
			return ed25519.PublicKey(x)
		}
	}
	return nil
}

func number(text string) *big.Int {
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(b) == 0 || len(b) > maxRSA/8+1 {
		return nil
	}
	return new(big.Int).SetBytes(b)
}
