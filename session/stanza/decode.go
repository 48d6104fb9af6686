package stanza

import (
	"strings"
	"unicode/utf8"
)

// Text that is decoded here was accepted by the parser before, so that none of it
// can fail. It is decoded when asked for, not when it comes in: a server never
// looks at most of the elements that it forwards.

// predefined returns the character of one of XML's own entities (XML 1.0, 4.6),
// or 0.
func predefined[T string | []byte](name T) byte {
	switch string(name) {
	case "amp":
		return '&'
	case "lt":
		return '<'
	case "gt":
		return '>'
	case "apos":
		return '\''
	case "quot":
		return '"'
	}
	return 0
}

// number reads the number of a character reference: digits, or x and
// hexadecimal digits. It says no to one that is beyond Unicode or has no digit.
func number[T string | []byte](s T) (rune, bool) {
	base := rune(10)
	if len(s) > 0 && s[0] == 'x' {
		base, s = 16, s[1:]
	}
	var n rune
	for i := range len(s) {
		d := rune(s[i] | 0x20)
		if d >= 'a' {
			d -= 'a' - 10
		} else {
			d = rune(s[i] - '0')
		}
		if n = n*base + d; n > utf8.MaxRune {
			return 0, false
		}
	}
	return n, len(s) > 0
}

// appendReference appends what the reference at the beginning of s stands for
// and returns what follows it.
func appendReference(dst []byte, s string) ([]byte, string) {
	name, rest, _ := strings.Cut(s[1:], ";")
	if name[0] == '#' {
		r, _ := number(name[1:])
		return utf8.AppendRune(dst, r), rest
	}
	return append(dst, predefined(name)), rest
}

// decodeValue normalizes an attribute's value (XML 1.0, 3.3.3): white space as
// sent becomes a space, what was referred to stays. A line end of two
// characters is one (2.11).
func decodeValue(s string) string {
	dst := make([]byte, 0, len(s))
	for len(s) > 0 {
		switch c := s[0]; c {
		case '&':
			dst, s = appendReference(dst, s)
			continue
		case '\r':
			s = strings.TrimPrefix(s[1:], "\n")
			dst = append(dst, ' ')
			continue
		case '\t', '\n':
			dst = append(dst, ' ')
		default:
			dst = append(dst, c)
		}
		s = s[1:]
	}
	return string(dst)
}

// appendCharData appends what the character data s, without tags, means.
func appendCharData(dst []byte, s string) []byte {
	for {
		i := strings.IndexAny(s, "&\r<")
		if i < 0 {
			return append(dst, s...)
		}
		dst = append(dst, s[:i]...)
		switch s = s[i:]; s[0] {
		case '&':
			dst, s = appendReference(dst, s)
		case '\r':
			dst = append(dst, '\n')
			s = strings.TrimPrefix(s[1:], "\n")
		default:
			var section string
			section, s, _ = strings.Cut(s[len("<![CDATA["):], "]]>")
			dst = appendLines(dst, section)
		}
	}
}

// appendLines appends s with its line ends made one character.
func appendLines(dst []byte, s string) []byte {
	for {
		line, rest, found := strings.Cut(s, "\r")
		dst = append(dst, line...)
		if !found {
			return dst
		}
		dst = append(dst, '\n')
		s = strings.TrimPrefix(rest, "\n")
	}
}
