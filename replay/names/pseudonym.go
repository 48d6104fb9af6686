package names

import (
	"crypto/rand"
	"errors"

	"github.com/rollcall-xmpp/rollcall/events"
)

// A Pseudonym stands for one incarnation of an account. Unlike other ids it has no
// time in it. The zero Pseudonym stands for nobody.
type Pseudonym [16]byte

func newPseudonym() (p Pseudonym) {
	for p.IsZero() {
		rand.Read(p[:])
	}
	return p
}

// Parse reads the 26 characters of a pseudonym, in either case.
func Parse(s string) (Pseudonym, error) {
	id, err := events.ParseID(s)
	if err != nil {
		return Pseudonym{}, errors.New("a pseudonym has 26 characters of 0-9 and A-Z without I, L, O, U, and begins with 0 to 7")
	}
	return Pseudonym(id), nil
}

// String returns the 26 characters.
func (p Pseudonym) String() string { return events.ID(p).String() }

// IsZero reports that it stands for nobody.
func (p Pseudonym) IsZero() bool { return p == Pseudonym{} }
