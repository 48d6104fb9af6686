package stanza

import (
	"bytes"
	"fmt"
)

// startTag reads a start tag or an empty element whose < is at start.
// Its names can be resolved only after its last attribute, which may declare the
// prefix of the first.
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
	// Nearly every end tag is just this, and all of it is there.
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
