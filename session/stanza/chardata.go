package stanza

import (
	"bytes"
	"unicode/utf8"
)

// text reads character data up to the next <.
func (p *parser) text() error {
	run := p.pos // where the characters that stand for themselves began
	for {
		b, i := p.b, p.pos
		for i < len(b) && class[b[i]]&inText != 0 {
			i++
		}
		p.pos = i
		if i == len(b) {
			if err := p.more(); err != nil {
				return err
			}
			continue
		}
		var err error
		switch b[i] {
		case '<':
			return nil
		case '&':
			p.current().cooked = true
			err = p.reference()
			run = p.pos
		case '>':
			if bytes.HasSuffix(b[run:i], []byte("]]")) {
				err = notWellFormed("]]> in character data")
			}
			p.pos++
		case '\r':
			p.current().cooked = true
			p.pos++
		default:
			err = p.characters()
		}
		if err != nil {
			return err
		}
	}
}

// characters skips characters beyond ASCII that are there as a whole, and at
// least one.
func (p *parser) characters() error {
	b, i := p.b, p.pos
	for i < len(b) && b[i] >= utf8.RuneSelf {
		r, size := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError || !isChar(r) {
			break
		}
		i += size
	}
	if i > p.pos {
		p.pos = i
		return nil
	}
	return p.character()
}

// cdata reads the rest of a CDATA section.
func (p *parser) cdata() error {
	run := p.pos
	for {
		c, err := p.peek()
		switch {
		case err != nil:
			return err
		case c == '>' && bytes.HasSuffix(p.b[run:p.pos], []byte("]]")):
			p.pos++
			return nil
		case ' ' <= c && c < utf8.RuneSelf || class[c]&isSpace != 0:
			p.pos++
		default:
			if err := p.character(); err != nil {
				return err
			}
		}
	}
}

// character reads a character that is not a plain one of ASCII.
func (p *parser) character() error {
	r, size, err := p.rune()
	if err != nil {
		return err
	}
	if !isChar(r) {
		return notWellFormed("character that XML does not allow")
	}
	p.pos += size
	return nil
}

// rune decodes the character at pos.
func (p *parser) rune() (r rune, size int, err error) {
	r, size = utf8.DecodeRune(p.b[p.pos:])
	for size <= 1 && !utf8.FullRune(p.b[p.pos:]) {
		if err := p.more(); err != nil {
			return 0, 0, err
		}
		r, size = utf8.DecodeRune(p.b[p.pos:])
	}
	if r == utf8.RuneError && size == 1 {
		err = &StreamError{Condition: StreamUnsupportedEncoding, Text: "not UTF-8"}
	}
	return r, size, err
}

// reference checks a reference from & to ; (production 67). RFC 6120, 11.1
// allows no entities but the five of XML itself.
func (p *parser) reference() error {
	p.pos++
	c, err := p.peek()
	if err != nil {
		return err
	}
	if c == '#' {
		p.pos++
		return p.charReference()
	}
	at := p.pos
	name, err := p.qname()
	if err != nil {
		return err
	}
	entity := p.b[at:][:name.size]
	known := predefined(entity) != 0
	if err := p.expect(";"); err != nil {
		return err
	}
	if !known {
		return restricted("entity other than amp, lt, gt, apos and quot")
	}
	return nil
}

// charReference checks what follows &#.
func (p *parser) charReference() error {
	at := p.pos
	for {
		c, err := p.peek()
		if err != nil {
			return err
		}
		if c == ';' {
			break
		}
		if isDigit := '0' <= c && c <= '9'; !isDigit {
			isHex := p.b[at] == 'x' && ('a' <= c|0x20 && c|0x20 <= 'f')
			if !isHex && (c != 'x' || p.pos != at) {
				return notWellFormed("character reference without a number")
			}
		}
		p.pos++
	}
	r, ok := number(p.b[at:p.pos])
	if !ok || !isChar(r) {
		return notWellFormed("reference to a character that XML does not allow")
	}
	p.pos++
	return nil
}
