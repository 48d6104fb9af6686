package stanza

import (
	"fmt"
	"slices"
	"sync"
)

// A parser reads one element from its input in one pass. The tables that it
// collects refer to the window by offsets; [parser.document] turns it into an
// Element.
//
// It pulls its input: where bytes are missing it waits for them in the middle of
// its work, so that the state between two reads is on the stack, no byte is
// looked at twice, and an error is found at the first byte that makes it one.
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

// keepScratch is how many nodes and attributes a pooled parser may keep room
// for. One that a large stanza has grown is left to the garbage collector.
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
	clear(p.decls) // they may hold strings
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

// document copies the element that was read out of the window: the text and two
// tables of exactly the size needed, since it may wait in a queue for long.
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
