package auth

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
)

// An Inheritance says of a domain that accounts of it came from another server with keys
// for SHA-1 alone. Mechanisms are announced before a client says who it is, and many
// clients try one only; so such a domain offers no SCRAM-SHA-256. A made-up account of it
// looks like those that came.
type Inheritance struct {
	Iterations int  // of their keys
	Salt       int  // its length, in bytes
	UUID       bool // the salt is the text of a UUID, as Prosody's is
}

// InheritanceOf is that of a domain that an account with such keys comes to; false if it
// has keys for SHA-256.
func InheritanceOf(c *Credentials) (Inheritance, bool) {
	if c.SHA256.usable(hashSHA256) || !c.SHA1.usable(hashSHA1) {
		return Inheritance{}, false
	}
	s := c.SHA1.Salt
	uuid := len(s) == 36 && s[8] == '-' && s[13] == '-' && s[18] == '-' && s[23] == '-'
	return Inheritance{Iterations: c.SHA1.Iterations, Salt: len(s), UUID: uuid}, true
}

// inheritanceVersion begins the stored form: the two numbers as uvarints, and 1 for a
// UUID, otherwise 0, follow.
const inheritanceVersion = 1

// Encode returns the document of in.
func (in Inheritance) Encode() []byte {
	b := binary.AppendUvarint([]byte{inheritanceVersion}, uint64(in.Iterations))
	b = binary.AppendUvarint(b, uint64(in.Salt))
	if in.UUID {
		return append(b, 1)
	}
	return append(b, 0)
}

// DecodeInheritance reads such a document. Anything that comes after it is of a later
// program.
func DecodeInheritance(doc []byte) (in Inheritance, err error) {
	if len(doc) == 0 || doc[0] != inheritanceVersion {
		return in, errors.New("not a document of an inheritance")
	}
	iterations, n := binary.Uvarint(doc[1:])
	rest := doc[1+max(n, 0):]
	salt, m := binary.Uvarint(rest)
	if n <= 0 || m <= 0 || len(rest) == m || iterations < 1 || iterations > maxIterations || salt < 1 || salt > maxBytes {
		return in, errors.New("not a document of an inheritance")
	}
	return Inheritance{Iterations: int(iterations), Salt: int(salt), UUID: rest[m] == 1}, nil
}

// salt makes one of the length and the kind that those of the domain have, out of
// random bytes.
func (in Inheritance) salt(random func(n int) []byte) []byte {
	var s []byte
	for n := 0; len(s) < max(in.Salt, 16); n++ {
		s = append(s, random(n)...)
	}
	if !in.UUID {
		return s[:in.Salt]
	}
	s[6], s[8] = s[6]&0x0f|0x40, s[8]&0x3f|0x80 // RFC 9562, 5.4
	h := hex.EncodeToString(s[:16])
	return []byte(fmt.Sprintf("%s-%s-%s-%s-%s", h[:8], h[8:12], h[12:16], h[16:20], h[20:]))
}
