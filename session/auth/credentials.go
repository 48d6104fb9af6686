package auth

import (
	"crypto/rand"
	"fmt"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// MaxFurther bounds the further roles of an account.
const MaxFurther = 16

// Credentials are what is kept of an account: one document, see
// [Credentials.Encode]. A value that came from [NewCredentials] or
// [DecodeCredentials] may be read by many goroutines.
type Credentials struct {
	SHA256    Keys
	SHA1      Keys
	Disabled  bool      // knows its password, but may not come in; see DisabledAt
	Role      string    // the primary one, "" for roles.Default
	Created   time.Time // in milliseconds, as are Changed and Disabling.Until
	Changed   time.Time // when the password was set last
	Further   []string  // roles that a session may take beside; at most MaxFurther
	Disabling Disabling // of one that is Disabled
}

// A Disabling says of an account for how long it is disabled, and why.
type Disabling struct {
	Until  time.Time // when it ends by itself; zero: never
	Reason string    // for people; may be empty
	By     events.Actor
}

// DisabledAt reports that the account may not come in at that time.
func (c *Credentials) DisabledAt(now time.Time) bool {
	return c.Disabled && (c.Disabling.Until.IsZero() || now.Before(c.Disabling.Until))
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

// FromKeys makes the credentials of an account whose keys were made elsewhere, with any
// salt and count of iterations (RFC 5802, section 3). Those for one of the two hashes
// may be the zero Keys; then no mechanism that needs them lets the account in. The
// error is [ErrKeys].
func FromKeys(sha256, sha1 Keys, now time.Time) (*Credentials, error) {
	now = now.Truncate(time.Millisecond).UTC()
	c := &Credentials{SHA256: sha256, SHA1: sha1, Created: now, Changed: now}
	some := false
	for _, h := range []hashFunc{hashSHA256, hashSHA1} {
		if err := c.keys(h).check(h); err != nil {
			return nil, err
		}
		some = some || c.keys(h).usable(h)
	}
	if !some {
		return nil, fmt.Errorf("%w: there are none", ErrKeys)
	}
	return c, nil
}

// Keyless are the credentials of an account whose password another database checks.
func Keyless(now time.Time) *Credentials {
	now = now.Truncate(time.Millisecond).UTC()
	return &Credentials{Created: now, Changed: now}
}

// Verifies reports that the password is the one that they were made of. It costs
// as many rounds as the keys say. The error is [ErrPassword].
func (c *Credentials) Verifies(password string) (bool, error) {
	prepared, err := preparePassword(password)
	if err != nil {
		return false, err
	}
	if !c.SHA256.usable(hashSHA256) {
		return c.SHA1.verify(hashSHA1, prepared)
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
