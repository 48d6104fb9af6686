package stanza

import "unicode/utf8"

// AppendText appends s as character data. Characters that XML can't carry
// become U+FFFD.
func AppendText(dst []byte, s string) []byte {
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if class[c]&inText != 0 {
			i++
			continue
		}
		esc, size := escapeRune(s[i:])
		dst = append(dst, s[from:i]...)
		dst = append(dst, esc...)
		i += size
		from = i
	}
	return append(dst, s[from:]...)
}

// AppendAttr appends a space, name, = and s in single quotes. The name is
// written as it is. Characters that XML can't carry become U+FFFD.
func AppendAttr(dst []byte, name, s string) []byte {
	dst = append(dst, ' ')
	dst = append(dst, name...)
	dst = append(dst, "='"...)
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if class[c]&inValue != 0 || c == '"' {
			i++
			continue
		}
		esc, size := escapeRune(s[i:])
		dst = append(dst, s[from:i]...)
		dst = append(dst, esc...)
		i += size
		from = i
	}
	dst = append(dst, s[from:]...)
	return append(dst, '\'')
}

// appendIf is AppendAttr for values that are not empty.
func appendIf(dst []byte, name, s string) []byte {
	if s == "" {
		return dst
	}
	return AppendAttr(dst, name, s)
}

// escapeRune returns what stands for the first character of s, and its size.
func escapeRune(s string) (esc string, size int) {
	switch s[0] {
	case '&':
		return "&amp;", 1
	case '<':
		return "&lt;", 1
	case '>':
		return "&gt;", 1
	case '\'':
		return "&apos;", 1
	case '\t':
		return "&#9;", 1
	case '\n':
		return "&#10;", 1
	case '\r':
		return "&#13;", 1
	}
	r, size := utf8.DecodeRuneInString(s)
	if !isChar(r) || r == utf8.RuneError && size == 1 {
		return "\uFFFD", size
	}
	return s[:size], size
}
