package accounts

import (
	"errors"
	"fmt"
	"regexp"
)

// ErrHash: a text is not a password but the hash of one.
var ErrHash = errors.New("not a password but its hash")

// A scheme is how some program writes the hash of a password.
type scheme struct {
	name string
	form *regexp.Regexp
}

// schemes are tried in this order. Those without a mark of their own, digests in hex or
// base64, are known by their length: nobody types a password of exactly that form, and
// whoever generates one can have its account made by itself.
var schemes = []scheme{
	{"a SCRAM line", regexp.MustCompile(`(?i)^(\{SCRAM-SHA-\d+(-PLUS)?\}|SCRAM-SHA-\d+[$:,])`)},
	{"a bcrypt hash", regexp.MustCompile(`^\$2[abxy]?\$\d\d\$[./A-Za-z0-9]{53}$`)},
	{"a hash of an LDAP directory or of Dovecot", regexp.MustCompile(`^\{[A-Za-z0-9][A-Za-z0-9._/-]*\}.`)},
	{"a hash of crypt", regexp.MustCompile(`^\$(1|5|6|7|y|gy|sha1|md5|apr1|argon2(i|d|id)|scrypt|pbkdf2[-_a-z0-9]*|bcrypt-sha256)\$.`)},
	{"a hash of phpass", regexp.MustCompile(`^\$[PHS]\$[./A-Za-z0-9]{20,}$`)},
	{"a hash of Django", regexp.MustCompile(`^(pbkdf2_sha\d+|bcrypt(_sha256)?|argon2|scrypt|sha1|md5)\$.+\$.+`)},
	{"a hash of MySQL", regexp.MustCompile(`^\*[0-9A-Fa-f]{40}$`)},
	{"a hash of PostgreSQL", regexp.MustCompile(`^md5[0-9a-f]{32}$`)},
	{"a digest in hex", regexp.MustCompile(`^([0-9A-Fa-f]{32}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{56}|[0-9A-Fa-f]{64}|[0-9A-Fa-f]{96}|[0-9A-Fa-f]{128})$`)},
	{"a digest in base64", regexp.MustCompile(`^([A-Za-z0-9+/]{27}=|[A-Za-z0-9+/]{43}=|[A-Za-z0-9+/]{86}==)$`)},
}

// checkPlain refuses the hash of a password in place of one: whoever knows that text could
// log in with it, and its owner could not. The error is ErrHash, and does not quote it.
func checkPlain(password string) error {
	for _, s := range schemes {
		if s.form.MatchString(password) {
			return fmt.Errorf("%w: %s", ErrHash, s.name)
		}
	}
	return nil
}
