package stanza

import (
	"bytes"
	"fmt"
)

// An attr is an attribute or a namespace declaration, by offsets into the text
// of its document.
type attr struct {
	at     uint32 // where its name begins
	value  uint32 // where its value begins, after the quote
	length uint32 // of the value as sent
	name   uint16 // length of its name with the prefix
	prefix uint16 // length of the prefix; 0 if there is none
	cooked bool   // the value as sent is not the value meant
	decl   bool   // it declares a namespace
}

// local returns the name without the prefix.
func (a *attr) local(b []byte) []byte { return b[int(a.at)+skipPrefix(a.prefix) : a.at+uint32(a.name)] }

// skipPrefix is how long a prefix is together with its colon.
func skipPrefix(n uint16) int {
	if n == 0 {
		return 0
	}
	return int(n) + 1
}

// attributes reads the rest of a start tag after the name. The attributes are
// p.attrs[first:].
func (p *parser) attributes(first int) (empty bool, err error) {
	for {
		before := p.pos
		c, err := p.skipSpace()
		if err != nil {
			return false, err
		}
		switch {
		case c == '>':
			p.pos++
			return false, nil
		case c == '/':
			p.pos++
			return true, p.expect(">")
		case p.pos == before:
			return false, notWellFormed("expected white space, / or > in a tag")
		case len(p.attrs)-first >= p.lim.Attributes:
			return false, violation(fmt.Sprintf("more than %d attributes", p.lim.Attributes))
		}
		a, err := p.attribute()
		if err != nil {
			return false, err
		}
		if p.repeated(&a, first) {
			return false, notWellFormed("attribute given twice")
		}
		p.attrs = append(p.attrs, a)
	}
}

// repeated reports that the element has an attribute of the same name as sent.
// The limit of attributes keeps this cheaper than a set.
func (p *parser) repeated(a *attr, first int) bool {
	name := p.b[a.at:][:a.name]
	for i := first; i < len(p.attrs); i++ {
		b := &p.attrs[i]
		if b.name == a.name && bytes.Equal(p.b[b.at:][:b.name], name) {
			return true
		}
	}
	return false
}

// attribute reads name = "value".
func (p *parser) attribute() (attr, error) {
	at := p.pos
	name, err := p.qname()
	if err != nil {
		return attr{}, err
	}
	a := attr{at: uint32(at), name: name.size, prefix: name.prefix}
	// xmlns declares the default namespace, xmlns:p the prefix p.
	switch string(p.b[at:][:name.size-name.local()]) {
	case "":
		a.decl = string(p.b[at:][:name.size]) == "xmlns"
	case "xmlns:":
		a.decl = true
	}
	if _, err := p.skipSpace(); err != nil {
		return a, err
	}
	if err := p.expect("="); err != nil {
		return a, err
	}
	quote, err := p.skipSpace()
	if err != nil {
		return a, err
	}
	if quote != '\'' && quote != '"' {
		return a, notWellFormed("attribute value without quotes")
	}
	p.pos++
	a.value = uint32(p.pos)
	a.cooked, err = p.value(quote)
	a.length = uint32(p.pos) - a.value - 1
	return a, err
}

// value reads an attribute's value and the quote that ends it. It reports
// whether the value needs to be decoded.
func (p *parser) value(quote byte) (cooked bool, err error) {
	for {
		b, i := p.b, p.pos
		for i < len(b) && class[b[i]]&inValue != 0 {
			i++
		}
		p.pos = i
		if i == len(b) {
			if err := p.more(); err != nil {
				return cooked, err
			}
			continue
		}
		switch c := b[i]; {
		case c == quote:
			p.pos++
			return cooked, nil
		case c == '\'' || c == '"':
			p.pos++
		case c == '&':
			cooked = true
			err = p.reference()
		case class[c]&isSpace != 0:
			cooked = true
			p.pos++
		case c == '<':
			err = notWellFormed("< in an attribute value")
		default:
			err = p.character()
		}
		if err != nil {
			return cooked, err
		}
	}
}
