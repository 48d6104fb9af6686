package stanza

import (
	"bytes"
	"fmt"
	"slices"
	"sync"
)

// A parser reads one element from its input in one pass. What it collects
// refers to the window by offsets; [parser.document] turns it into an Element.
// Parsers are pooled: a stream needs one only while a stanza is coming in.
type parser struct {
	*input
	lim   Limits
	scope *scope

	nodes []node   // in document order
	binds []int32  // for each node: its namespace, as lookup gives it
	attrs []attr   // of all nodes, in document order
	decls []decl   // all namespace declarations
	live  []int32  // the decls in scope, innermost last
	open  []opened // the elements not yet closed
	outer uint64   // the bindings of scope in use, as of outerBit
}

// opened is an element whose end tag is to come.
type opened struct {
	node int32
	live int32 // how many declarations were in scope around it
}

// keepScratch is how many nodes and attributes a pooled parser may keep room for.
const keepScratch = 512

var parsers = sync.Pool{New: func() any { return new(parser) }}

func newParser(in *input, lim Limits, sc *scope) *parser {
	p := parsers.Get().(*parser)
	p.input, p.lim, p.scope = in, lim, sc
	return p
}

func (p *parser) release() {
	if cap(p.nodes) > keepScratch || cap(p.attrs) > keepScratch {
		return
	}
	*p = parser{
		nodes: p.nodes[:0], binds: p.binds[:0], attrs: p.attrs[:0],
		decls: p.decls[:0], live: p.live[:0], open: p.open[:0],
	}
	parsers.Put(p)
}

// element reads an element that begins at pos, up to and with its end.
func (p *parser) element() error {
	for {
		if err := p.markup(); err != nil {
			return err
		}
		if len(p.open) == 0 {
			return nil
		}
		if err := p.text(); err != nil {
			return err
		}
	}
}

// markup reads what begins with the < at pos.
func (p *parser) markup() error {
	start := p.pos
	p.pos++
	c, err := p.peek()
	if err != nil {
		return err
	}
	switch c {
	case '/':
		p.pos++
		return p.endTag(start)
	case '!':
		p.pos++
		return p.declaration()
	case '?':
		return restricted("processing instruction")
	}
	return p.startTag(start)
}

// declaration reads what begins with <!, of which a stream may have only CDATA
// sections (RFC 6120, 11.1).
func (p *parser) declaration() error {
	c, err := p.peek()
	if err != nil {
		return err
	}
	switch {
	case c == '-':
		return restricted("comment")
	case c != '[':
		return restricted("document type or other declaration")
	case len(p.open) == 0:
		return notWellFormed("CDATA section outside of an element")
	}
	if err := p.expect("[CDATA["); err != nil {
		return err
	}
	p.current().cooked = true
	return p.cdata()
}

// expect skips s.
func (p *parser) expect(s string) error {
	for i := range len(s) {
		c, err := p.peek()
		if err != nil {
			return err
		}
		if c != s[i] {
			return notWellFormed(fmt.Sprintf("expected %q", s))
		}
		p.pos++
	}
	return nil
}

// current is the innermost open element.
func (p *parser) current() *node { return &p.nodes[p.open[len(p.open)-1].node] }

// startTag reads a start tag or an empty element whose < is at start.
func (p *parser) startTag(start int) error {
	if len(p.nodes) >= p.lim.Elements {
		return violation(fmt.Sprintf("more than %d elements", p.lim.Elements))
	}
	if len(p.open) >= p.lim.Depth {
		return violation(fmt.Sprintf("elements nested deeper than %d", p.lim.Depth))
	}
	name, err := p.qname()
	if err != nil {
		return err
	}
	self := int32(len(p.nodes))
	node := node{start: uint32(start), self: self, parent: -1, name: name.size, prefix: name.prefix, attr0: uint32(len(p.attrs))}
	if n := len(p.open); n > 0 {
		node.parent = p.open[n-1].node
	}
	p.nodes = append(p.nodes, node)
	p.binds = append(p.binds, unbound)
	p.open = append(p.open, opened{self, int32(len(p.live))})
	empty, err := p.attributes(int(node.attr0))
	if err != nil {
		return err
	}
	if err := p.resolve(self); err != nil {
		return err
	}
	p.nodes[self].inner = uint32(p.pos)
	if empty {
		p.close(p.pos)
	}
	return nil
}

// endTag reads the rest of an end tag whose < is at start.
func (p *parser) endTag(start int) error {
	if len(p.open) == 0 {
		return notWellFormed("end tag without an element")
	}
	n := p.current()
	want := p.b[n.start+1:][:n.name]
	if rest := p.b[p.pos:]; len(rest) > len(want) && rest[len(want)] == '>' && bytes.HasPrefix(rest, want) {
		p.pos += len(want) + 1
		p.close(start)
		return nil
	}
	return p.unusualEndTag(start)
}

// unusualEndTag is endTag for a tag that is wrong, has white space or is not
// yet there as a whole.
func (p *parser) unusualEndTag(start int) error {
	at := p.pos
	name, err := p.qname()
	if err != nil {
		return err
	}
	n := p.current()
	if !bytes.Equal(p.b[at:at+int(name.size)], p.b[n.start+1:][:n.name]) {
		return notWellFormed("end tag of another element")
	}
	if _, err := p.skipSpace(); err != nil {
		return err
	}
	if err := p.expect(">"); err != nil {
		return err
	}
	p.close(start)
	return nil
}

// close ends the innermost element, whose content ends at end.
func (p *parser) close(end int) {
	last := len(p.open) - 1
	n := &p.nodes[p.open[last].node]
	n.innerEnd, n.end, n.after = uint32(end), uint32(p.pos), int32(len(p.nodes))
	p.live = p.live[:p.open[last].live]
	p.open = p.open[:last]
}

// document copies the element that was read out of the window.
func (p *parser) document() *Element {
	doc := &document{
		raw:   string(p.b[:p.pos]),
		scope: p.scope,
		outer: p.outer,
		nodes: make([]Element, len(p.nodes)),
		attrs: slices.Clone(p.attrs),
	}
	for i := range p.nodes {
		doc.nodes[i] = Element{doc, p.uri(p.binds[i], doc.raw), p.nodes[i]}
	}
	return &doc.nodes[0]
}
