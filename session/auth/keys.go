package auth

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"hash"

	"github.com/xdg-go/scram"
)

// Iterations is the count for new keys: the minimum of RFC 7677, section 4.
// More would protect a stolen copy better, but phones pay it at each login, and
// an import of 10,000 accounts is to take seconds. Changing it lets clients
// tell accounts with older keys from ones that don't exist.
const Iterations = 4096

// saltLen is in bytes, for real and for made-up salts alike.
const saltLen = 16

// Keys verify a password for one hash function (RFC 5802, section 3). The zero
// Keys verify nothing. They are not to be changed once they are in use.
type Keys struct {
	Salt       []byte
	Iterations int
	StoredKey  []byte
	ServerKey  []byte
}

// usable reports that k were made for the hash h.
func (k Keys) usable(h hashFunc) bool {
	return k.Iterations > 0 && len(k.Salt) > 0 && len(k.StoredKey) == h.size && len(k.ServerKey) == h.size
}

// ErrKeys means that keys from elsewhere can't be used. The error says why, and no
// part of them.
var ErrKeys = errors.New("unusable keys")

// check refuses keys that can't be stored, or that would let nobody in. There may be
// none.
func (k Keys) check(h hashFunc) error {
	switch {
	case len(k.StoredKey) == 0 && len(k.ServerKey) == 0:
		return nil
	case len(k.StoredKey) != h.size || len(k.ServerKey) != h.size:
		return fmt.Errorf("%w: for %s the stored key has %d bytes and the server key %d, not %d", ErrKeys, h.name, len(k.StoredKey), len(k.ServerKey), h.size)
	case len(k.Salt) == 0 || len(k.Salt) > maxBytes:
		return fmt.Errorf("%w: a salt of %d bytes, not 1 to %d", ErrKeys, len(k.Salt), maxBytes)
	case k.Iterations < 1 || k.Iterations > maxIterations:
		return fmt.Errorf("%w: %d iterations, not 1 to %d", ErrKeys, k.Iterations, maxIterations)
	}
	return nil
}

// verify reports that the prepared password is the one k were made of. It
// costs k.Iterations rounds whatever the answer.
func (k Keys) verify(h hashFunc, prepared string) (bool, error) {
	other, err := deriveKeys(h, prepared, k.Salt, k.Iterations)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(k.StoredKey, other.StoredKey) == 1, nil
}

func (k Keys) scram() scram.StoredCredentials {
	return scram.StoredCredentials{
		KeyFactors: scram.KeyFactors{Salt: string(k.Salt), Iters: k.Iterations},
		StoredKey:  k.StoredKey,
		ServerKey:  k.ServerKey,
	}
}

// A hashFunc is a hash function that SCRAM may be used with.
type hashFunc struct {
	name string
	new  func() hash.Hash
	size int
}

var (
	hashSHA256 = hashFunc{"SHA-256", sha256.New, sha256.Size}
	hashSHA1   = hashFunc{"SHA-1", sha1.New, sha1.Size}
)

func (h hashFunc) mac(key []byte, parts ...string) []byte {
	m := hmac.New(h.new, key)
	for _, p := range parts {
		m.Write([]byte(p))
	}
	return m.Sum(nil)
}

// deriveKeys computes what RFC 5802, section 3 has the server store.
func deriveKeys(h hashFunc, prepared string, salt []byte, iterations int) (Keys, error) {
	salted, err := pbkdf2.Key(h.new, prepared, salt, iterations, h.size)
	if err != nil {
		return Keys{}, fmt.Errorf("derive %s keys: %w", h.name, err)
	}
	stored := h.new()
	stored.Write(h.mac(salted, "Client Key"))
	return Keys{
		Salt:       salt,
		Iterations: iterations,
		StoredKey:  stored.Sum(nil),
		ServerKey:  h.mac(salted, "Server Key"),
	}, nil
}
