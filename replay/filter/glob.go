package filter

import (
	"unicode"
	"unicode/utf8"
)

// A glob is text with wildcards. A backslash takes the next character's meaning away.
type glob struct {
	pattern string
	fold    bool // case says nothing
}

// match reports that all of the text is as the pattern says. Whatever they are, it takes
// at most as many steps as the product of their lengths.
func (g *glob) match(s string) bool {
	p := g.pattern
	star, back := -1, "" // where to go on after the last *, with one character more taken by it
	i := 0
	for s != "" {
		r, size := utf8.DecodeRuneInString(s)
		switch want, n, kind := next(p[i:]); {
		case kind == anyText:
			i += n
			star, back = i, s
			continue
		case kind == anyCharacter, kind == character && g.same(want, r):
			i, s = i+n, s[size:]
			continue
		case star < 0:
			return false
		}
		_, skip := utf8.DecodeRuneInString(back)
		back = back[skip:]
		i, s = star, back
	}
	for i < len(p) {
		_, n, kind := next(p[i:])
		if kind != anyText {
			return false
		}
		i += n
	}
	return true
}

func (g *glob) same(a, b rune) bool {
	return a == b || g.fold && unicode.ToLower(a) == unicode.ToLower(b)
}

// A piece of a pattern is one of these.
type piece uint8

const (
	end piece = iota
	character
	anyCharacter
	anyText
)

// next is the first piece of a pattern, and its length.
func next(p string) (r rune, size int, kind piece) {
	if p == "" {
		return 0, 0, end
	}
	switch p[0] {
	case '*':
		return 0, 1, anyText
	case '?':
		return 0, 1, anyCharacter
	case '\\':
		if len(p) > 1 {
			r, size = utf8.DecodeRuneInString(p[1:])
			return r, size + 1, character
		}
	}
	r, size = utf8.DecodeRuneInString(p)
	return r, size, character
}
