package auth

import (
	"crypto/rand"
	"time"
)

// RoleAdmin is the role of an account that may administer the service.
const RoleAdmin = "admin"

// Credentials are what is kept of an account: one document, see
// [Credentials.Encode]. A value that came from [NewCredentials] or
// [DecodeCredentials] may be read by many goroutines.
type Credentials struct {
	SHA256   Keys
	SHA1     Keys
	Disabled bool      // knows its password, but may not come in
	Role     string    // [RoleAdmin] or ""
	Created  time.Time // in milliseconds, as is Changed
	Changed  time.Time // when the password was set last
}

// NewCredentials makes the credentials of a new account, with salts of its
// own. It costs 2 * [Iterations] rounds, about 2 ms. The error is
// [ErrPassword].
func NewCredentials(password string, now time.Time) (*Credentials, error) {
	now = now.Truncate(time.Millisecond).UTC()
	return (&Credentials{Created: now}).WithPassword(password, now)
}

// WithPassword returns a copy that verifies another password, with new salts.
// The error is [ErrPassword].
func (c *Credentials) WithPassword(password string, now time.Time) (*Credentials, error) {
	prepared, err := preparePassword(password)
	if err != nil {
		return nil, err
	}
	changed := *c
	changed.Changed = now.Truncate(time.Millisecond).UTC()
	if changed.SHA256, err = deriveKeys(hashSHA256, prepared, newSalt(), Iterations); err != nil {
		return nil, err
	}
	if changed.SHA1, err = deriveKeys(hashSHA1, prepared, newSalt(), Iterations); err != nil {
		return nil, err
	}
	return &changed, nil
}

// Verifies reports that the password is the one that they were made of. It costs
// [Iterations] rounds. The error is [ErrPassword].
func (c *Credentials) Verifies(password string) (bool, error) {
	prepared, err := preparePassword(password)
	if err != nil {
		return false, err
	}
	return c.SHA256.verify(hashSHA256, prepared)
}

func (c *Credentials) keys(h hashFunc) Keys {
	if h.name == hashSHA1.name {
		return c.SHA1
	}
	return c.SHA256
}

func newSalt() []byte {
	salt := make([]byte, saltLen)
	rand.Read(salt) // never fails; it crashes the program rather
	return salt
}
