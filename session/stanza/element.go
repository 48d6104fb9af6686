package stanza

import "iter"

// A document is the text of one top-level element and its table of contents.
type document struct {
	raw   string
	scope *scope    // what the stream header declared; nil if there was none
	nodes []Element // in document order
	attrs []attr    // of all nodes, in document order
	outer uint64    // the bindings of scope in use, as of outerBit, but by the root's name
}

// An Element is an XML element: a stanza, another child of the stream, or an
// element within one of these. It is immutable, and it and every string that it
// gives refer to the text of the whole top-level element: clone a short string
// that is to be kept for long.
//
// Methods of a nil Element answer as if it were empty, so that a path of lookups
// needs one check at its end.
type Element struct {
	doc   *document
	space string
	node
}

// A node is what the parser notes of an element: without pointers, which the
// garbage collector would have to follow while the element is coming in.
type node struct {
	start    uint32 // of the start tag
	inner    uint32 // of the content
	innerEnd uint32
	end      uint32 // of the end tag
	self     int32  // index in the document's nodes
	after    int32  // index of the next node that is not within this one
	parent   int32  // index, -1 for the top-level element
	attr0    uint32 // index of the first attribute in the document's attrs
	attrs    uint16 // number of attributes
	name     uint16 // length of the name with the prefix
	prefix   uint16 // length of the prefix
	cooked   bool   // its own character data has to be decoded
}

// Space returns the element's namespace.
func (e *Element) Space() string {
	if e == nil {
		return ""
	}
	return e.space
}

// Local returns the element's name without a prefix.
func (e *Element) Local() string {
	if e == nil {
		return ""
	}
	at := int(e.start) + 1
	return e.doc.raw[at+skipPrefix(e.prefix) : at+int(e.name)]
}

// Is reports that the element has this namespace and name.
func (e *Element) Is(space, local string) bool {
	return e != nil && e.Local() == local && e.space == space
}

// Raw returns the element as it was sent. It may depend on declarations around
// it: [Element.AppendTo] is for an element that has to stand alone.
func (e *Element) Raw() string {
	if e == nil {
		return ""
	}
	return e.doc.raw[e.start:e.end]
}

// Children returns the elements directly within e.
func (e *Element) Children() iter.Seq[*Element] {
	return func(yield func(*Element) bool) {
		for c := e.First(); c != nil; c = c.next() {
			if !yield(c) {
				return
			}
		}
	}
}

// First returns the first element directly within e, nil if there is none.
func (e *Element) First() *Element {
	if e == nil || e.after == e.self+1 {
		return nil
	}
	return &e.doc.nodes[e.self+1]
}

// next returns the next child of e's parent.
func (e *Element) next() *Element {
	if e.parent < 0 || e.after >= e.doc.nodes[e.parent].after {
		return nil
	}
	return &e.doc.nodes[e.after]
}

// Child returns the first element directly within e that has this namespace and
// name, nil if there is none.
func (e *Element) Child(space, local string) *Element {
	for c := e.First(); c != nil; c = c.next() {
		if c.Is(space, local) {
			return c
		}
	}
	return nil
}

// Text returns the character data directly within e, without that of its
// children. It allocates only if there are children, references, CDATA sections
// or carriage returns.
func (e *Element) Text() string {
	if e == nil {
		return ""
	}
	child := e.First()
	if child == nil && !e.cooked {
		return e.doc.raw[e.inner:e.innerEnd]
	}
	var text []byte
	at := e.inner
	for ; child != nil; child = child.next() {
		text = appendCharData(text, e.doc.raw[at:child.start])
		at = child.end
	}
	return string(appendCharData(text, e.doc.raw[at:e.innerEnd]))
}

// up returns the element around e, nil for a top-level element.
func (e *Element) up() *Element {
	if e.parent < 0 {
		return nil
	}
	return &e.doc.nodes[e.parent]
}
