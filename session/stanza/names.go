package stanza

import (
	"fmt"
	"unicode/utf8"
)

// qname is the size of a qualified name and of its prefix, in bytes.
type qname struct{ size, prefix uint16 }

// local is the size of the part after the colon, or of the whole name.
func (n qname) local() uint16 { return n.size - uint16(skipPrefix(n.prefix)) }

// qname reads a name at pos (Namespaces in XML 1.0, 4): one or two names
// without colons, with one between them.
func (p *parser) qname() (qname, error) {
	at := p.pos
	if err := p.ncname(at); err != nil {
		return qname{}, err
	}
	prefix := 0
	if c, err := p.peek(); err != nil {
		return qname{}, err
	} else if c == ':' {
		prefix = p.pos - at
		p.pos++
		if err := p.ncname(at); err != nil {
			return qname{}, err
		}
		if c, err := p.peek(); err != nil {
			return qname{}, err
		} else if c == ':' {
			return qname{}, notWellFormed("name with two colons")
		}
	}
	return qname{uint16(p.pos - at), uint16(prefix)}, nil
}

// ncname skips a name without colons, which is not empty and is followed by
// some byte. Counted from at it must stay within the limit.
func (p *parser) ncname(at int) error {
	mask := uint8(startName)
	for {
		b, i := p.b, p.pos
		for i < len(b) && class[b[i]]&mask != 0 {
			i++
			mask = inName
		}
		if p.pos = i; i-at > p.lim.Name {
			return violation(fmt.Sprintf("name of more than %d bytes", p.lim.Name))
		}
		c, err := p.peek()
		switch {
		case err != nil:
			return err
		case c >= utf8.RuneSelf:
			if err := p.nameRune(mask == startName); err != nil {
				return err
			}
			mask = inName
		case class[c]&mask != 0: // it came just now
		case mask == startName:
			return notWellFormed("expected a name")
		default:
			return nil
		}
	}
}

// nameRune skips a character of a name that is beyond ASCII.
func (p *parser) nameRune(first bool) error {
	r, size, err := p.rune()
	if err != nil {
		return err
	}
	if first && !isNameStart(r) || !isNameChar(r) {
		return notWellFormed("character that a name may not have")
	}
	p.pos += size
	return nil
}
