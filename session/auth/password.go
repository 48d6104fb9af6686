package auth

import (
	"errors"
	"unicode/utf8"

	"github.com/xdg-go/stringprep"
	"golang.org/x/text/secure/precis"
)

// maxPassword is the longest password in bytes, before and after preparation.
// It bounds the work of preparing one; PBKDF2 hashes a long one first.
const maxPassword = 1024

// ErrPassword means that a text can't be a password. The error never quotes it.
var ErrPassword = errors.New("unusable password: it is empty, longer than 1024 bytes, or has control characters or invalid UTF-8")

// preparePassword gives the form of a password that goes into the keys. That
// is SASLprep (RFC 5802, section 2.2), which knows Unicode 3.2 only; what it
// refuses, such as an emoji, is prepared as an OpaqueString (RFC 8265, section
// 4.2), the profile that replaced it. For ASCII both are the text itself.
func preparePassword(password string) (string, error) {
	if len(password) > maxPassword || !utf8.ValidString(password) {
		return "", ErrPassword
	}
	p, err := stringprep.SASLprep.Prepare(password)
	if err != nil {
		p, err = precis.OpaqueString.String(password)
	}
	if err != nil || p == "" || len(p) > maxPassword {
		return "", ErrPassword
	}
	return p, nil
}
