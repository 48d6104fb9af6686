package stanza

import "unicode/utf8"

// Classes of bytes. A byte that is in none of them for where it stands needs a
// closer look: it is markup, part of a longer character, or not allowed.
const (
	inName    = 1 << iota // NCName character, of ASCII
	startName             // NCName start character, of ASCII
	inText                // stands for itself in character data
	inValue               // stands for itself in an attribute's value
	isSpace               // S
)

// class has the classes of each byte.
var class = func() (t [256]uint8) {
	for c := range 0x80 {
		switch {
		case 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_':
			t[c] |= startName | inName
		case '0' <= c && c <= '9' || c == '-' || c == '.':
			t[c] |= inName
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			t[c] |= isSpace
		}
		if c >= ' ' && c != '<' && c != '&' {
			// > in text may end ]]>, quotes may end a value.
			if c != '>' {
				t[c] |= inText
			}
			if c != '\'' && c != '"' {
				t[c] |= inValue
			}
		}
	}
	t['\t'] |= inText
	t['\n'] |= inText
	return t
}()

// isChar reports that XML 1.0 can carry the character (production 2).
func isChar(r rune) bool {
	switch {
	case r < ' ':
		return r == '\t' || r == '\n' || r == '\r'
	case r < 0xD800:
		return true
	}
	return 0xE000 <= r && r <= 0xFFFD || 0x10000 <= r && r <= utf8.MaxRune
}

// isNameStart reports that a name may begin with a character beyond ASCII (XML
// 1.0, fifth edition, production 4).
func isNameStart(r rune) bool {
	switch {
	case r < 0x300:
		return r >= 0xC0 && r != 0xD7 && r != 0xF7
	case r < 0x2000:
		return r >= 0x370 && r != 0x37E
	case r < 0x3001:
		return r == 0x200C || r == 0x200D || 0x2070 <= r && r <= 0x218F || 0x2C00 <= r && r <= 0x2FEF
	}
	return r <= 0xD7FF || 0xF900 <= r && r <= 0xFDCF || 0xFDF0 <= r && r <= 0xFFFD ||
		0x10000 <= r && r <= 0xEFFFF
}

// isNameChar is isNameStart for the characters that follow (production 4a).
func isNameChar(r rune) bool {
	return r == 0xB7 || 0x300 <= r && r <= 0x36F || r == 0x203F || r == 0x2040 || isNameStart(r)
}
