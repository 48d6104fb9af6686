package events

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/secure/precis"
)

// maxPart is the limit of a localpart, domainpart or resourcepart in bytes
// (RFC 7622, 3.2 to 3.4).
const maxPart = 1023

// errNotUTF8 comes before PRECIS, which would replace bytes that aren't UTF-8,
// so that two names that differ could become one.
var errNotUTF8 = fmt.Errorf("%w: not UTF-8", ErrInvalidJID)

// errLabel is a label that IDNA lets pass and a JID can't have.
var errLabel = errors.New("a label is empty or has a character that it may not have")

// A partError is a part of a JID that can't be prepared. Its text is made when
// somebody reads it: to refuse costs no more than to prepare.
type partError struct {
	part, text string
	cause      error // may be nil
}

func (e *partError) Error() string {
	s := fmt.Sprintf("%v: %s %.40q", ErrInvalidJID, e.part, e.text)
	if e.cause != nil {
		s += ": " + strings.TrimPrefix(e.cause.Error(), "precis: ")
	}
	return s
}

func (*partError) Unwrap() error { return ErrInvalidJID }

// PrepareLocal prepares a localpart, which is also what a client gives as its
// user name (RFC 7622, 3.3).
func PrepareLocal(s string) (string, error) {
	if !plainLocal(s) {
		if !utf8.ValidString(s) {
			return "", errNotUTF8
		}
		p, err := precis.UsernameCaseMapped.String(s)
		if err != nil {
			return "", &partError{"localpart", s, err}
		}
		s = p
	}
	if i := strings.IndexAny(s, "\"&'/:<>@"); i >= 0 {
		return "", fmt.Errorf("%w: localpart %.40q may not contain %q", ErrInvalidJID, s, s[i])
	}
	return s, checkLen("localpart", s)
}

// PrepareResource prepares a resourcepart (RFC 7622, 3.4).
func PrepareResource(s string) (string, error) {
	if !printableASCII(s) {
		if !utf8.ValidString(s) {
			return "", errNotUTF8
		}
		p, err := precis.OpaqueString.String(s)
		if err != nil {
			return "", &partError{"resource", s, err}
		}
		s = p
	}
	return s, checkLen("resource", s)
}

func prepareDomain(s string) (string, error) {
	s = strings.TrimSuffix(s, ".")
	if strings.HasPrefix(s, "[") {
		return prepareIPv6(s)
	}
	p, err := mapDomain(s)
	if err != nil {
		return "", &partError{"domain", s, err}
	}
	// IDNA judges directions before it maps: U+2135 is a symbol from left to
	// right, and alef, which it becomes, is from right to left and may not
	// stand beside x (RFC 5893, 2). It is the mapped label that must comply.
	if p != s {
		if again, err := mapDomain(p); err != nil || again != p {
			return "", &partError{"domain", s, err}
		}
	}
	return p, checkLen("domain", p)
}

// mapDomain maps and checks the labels of a domain (RFC 7622, 3.2).
func mapDomain(s string) (string, error) {
	if plainDomain(s) {
		return s, nil
	}
	p, err := idna.Lookup.ToUnicode(s)
	if err != nil {
		return "", err
	}
	// IDNA has turned other full stops into dots (RFC 5895, 2).
	s = strings.TrimSuffix(strings.ToLower(p), ".")
	if strings.HasSuffix(s, ".") || strings.HasPrefix(s, ".") || strings.Contains(s, "..") || strings.ContainsAny(s, " \"&'/:<>@[]") {
		return "", errLabel
	}
	return s, nil
}

// prepareIPv6 takes an address literal (RFC 7622, 3.2), of which only the
// characters are checked: a session's domain is compared, never resolved.
func prepareIPv6(s string) (string, error) {
	if !strings.HasSuffix(s, "]") || len(s) < 4 || strings.Trim(s[1:len(s)-1], "0123456789abcdefABCDEF:.") != "" {
		return "", &partError{"domain", s, nil}
	}
	return strings.ToLower(s), nil
}

func checkLen(part, s string) error {
	switch {
	case s == "":
		return fmt.Errorf("%w: the %s is empty", ErrInvalidJID, part)
	case len(s) > maxPart:
		return fmt.Errorf("%w: the %s is longer than %d bytes", ErrInvalidJID, part, maxPart)
	}
	return nil
}

// plainLocal reports that s is its own UsernameCaseMapped form, which holds
// for nearly every name there is and saves the tables of Unicode.
func plainLocal(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c < '!' || c > '~' || 'A' <= c && c <= 'Z' {
			return false
		}
	}
	return s != ""
}

func printableASCII(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return s != ""
}

// plainDomain reports that s consists of lower-case letter-digit-hyphen labels
// none of which IDNA would touch.
func plainDomain(s string) bool {
	label := 0
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z' || '0' <= c && c <= '9':
			label++
		case c == '-' && label > 0 && i+1 < len(s) && s[i+1] != '.' && s[i+1] != '-':
			label++
		case c == '.' && label > 0 && i+1 < len(s):
			label = 0
		default:
			return false
		}
		if label > 63 {
			return false
		}
	}
	return s != ""
}
