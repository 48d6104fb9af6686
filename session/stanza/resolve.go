package stanza

import (
	"bytes"
	"fmt"
)

// A decl is a namespace declaration within the element being read. Its parts
// are in the window, but for a namespace that had to be decoded.
type decl struct {
	prefix, prefixEnd uint32
	uri, uriEnd       uint32
	decoded           string
}

// Where a namespace comes from: an index into a parser's decls, or one of these.
const (
	unbound  int32 = -1
	xmlBound int32 = -2 // the prefix xml, which nobody needs to declare
	inScope  int32 = -3 // minus an index into the bindings of the scope
)

// lookup finds the namespace of a prefix, innermost declaration first.
func (p *parser) lookup(prefix []byte) int32 {
	if string(prefix) == "xml" {
		return xmlBound
	}
	for i := len(p.live) - 1; i >= 0; i-- {
		d := &p.decls[p.live[i]]
		if bytes.Equal(p.b[d.prefix:d.prefixEnd], prefix) {
			return p.live[i]
		}
	}
	if p.scope != nil {
		for i := range p.scope.bindings {
			if p.scope.bindings[i].prefix == string(prefix) {
				return inScope - int32(i)
			}
		}
	}
	return unbound
}

// uri returns the namespace that lookup found, cut out of raw where possible.
func (p *parser) uri(bind int32, raw string) string {
	switch {
	case bind == unbound:
		return ""
	case bind == xmlBound:
		return nsXML
	case bind <= inScope:
		return p.scope.bindings[inScope-bind].uri
	}
	d := &p.decls[bind]
	if d.decoded != "" {
		return d.decoded
	}
	return raw[d.uri:d.uriEnd]
}

// uriBytes is uri before there is a text to cut it out of.
func (p *parser) uriBytes(bind int32) []byte {
	if bind >= 0 && p.decls[bind].decoded == "" {
		return p.b[p.decls[bind].uri:p.decls[bind].uriEnd]
	}
	return []byte(p.uri(bind, ""))
}

// resolve binds the names of a start tag that was read as a whole.
func (p *parser) resolve(self int32) error {
	n := &p.nodes[self]
	n.attrs = uint16(len(p.attrs) - int(n.attr0))
	attrs := p.attrs[n.attr0:]
	for i := range attrs {
		if attrs[i].decl {
			if err := p.declare(&attrs[i]); err != nil {
				return err
			}
		}
	}
	bind := p.lookup(p.b[n.start+1:][:n.prefix])
	if n.prefix > 0 && bind == unbound {
		return badPrefix("prefix of an element is not declared")
	}
	if self > 0 {
		p.note(bind)
	}
	p.binds[self] = bind
	return p.resolveAttributes(attrs)
}

// note remembers that a namespace was taken from the scope.
func (p *parser) note(bind int32) {
	if bind <= inScope {
		p.outer |= outerBit(int(inScope - bind))
	}
}

// outerBit is the bit of a document's outer that stands for a binding of the
// scope. The last one stands for all that have none of their own.
func outerBit(binding int) uint64 { return 1 << min(binding, 63) }

// resolveAttributes checks that prefixes are declared and that no two
// attributes mean the same (Namespaces in XML 1.0, 6.3).
func (p *parser) resolveAttributes(attrs []attr) error {
	for i := range attrs {
		a := &attrs[i]
		if a.prefix == 0 || a.decl {
			continue
		}
		bind := p.lookup(p.b[a.at:][:a.prefix])
		if bind == unbound {
			return badPrefix("prefix of an attribute is not declared")
		}
		p.note(bind)
		if p.repeatedByPrefix(attrs[:i], a, bind) {
			return notWellFormed("attribute given twice by two prefixes")
		}
	}
	return nil
}

func (p *parser) repeatedByPrefix(before []attr, a *attr, bind int32) bool {
	for i := range before {
		b := &before[i]
		if b.prefix == 0 || b.decl || !bytes.Equal(a.local(p.b), b.local(p.b)) {
			continue
		}
		other := p.lookup(p.b[b.at:][:b.prefix])
		if other == bind || bytes.Equal(p.uriBytes(other), p.uriBytes(bind)) {
			return true
		}
	}
	return false
}

// declare brings a declaration into scope (Namespaces in XML 1.0, 3).
func (p *parser) declare(a *attr) error {
	if len(p.live) >= p.lim.Attributes {
		return violation(fmt.Sprintf("more than %d namespaces in scope", p.lim.Attributes))
	}
	d := decl{uri: a.value, uriEnd: a.value + a.length}
	if a.prefix > 0 {
		d.prefix, d.prefixEnd = a.at+uint32(a.prefix)+1, a.at+uint32(a.name)
	}
	uri := p.b[d.uri:d.uriEnd]
	if a.cooked {
		d.decoded = decodeValue(string(uri))
		uri = []byte(d.decoded)
	}
	prefix := string(p.b[d.prefix:d.prefixEnd])
	switch {
	case prefix == "xmlns":
		return badPrefix("the prefix xmlns may not be declared")
	case (prefix == "xml") != (string(uri) == nsXML):
		return badPrefix("the prefix xml and its namespace belong to each other")
	case string(uri) == nsXMLNS:
		return badPrefix("the namespace of xmlns may not be declared")
	case prefix != "" && len(uri) == 0:
		return badPrefix("prefix declared to stand for no namespace")
	}
	p.decls = append(p.decls, d)
	p.live = append(p.live, int32(len(p.decls)-1))
	return nil
}
