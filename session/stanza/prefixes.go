package stanza

// appendOuter appends the prefixes that the element's text needs: all that are
// declared in the document, because text may use them where only its reader
// knows (as in XPath), and those of the stream header that names have.
func (e *Element) appendOuter(dst []byte, prefixed bool) []byte {
	for n := e; n != nil; n = n.up() {
		for i := range n.attributes() {
			a := &n.attributes()[i]
			if a.decl && a.prefix > 0 && (n == e || e.nearest(e.doc.local(a)) == a) {
				dst = e.doc.appendAttr(dst, a)
			}
		}
	}
	if e.doc.scope == nil || e.doc.outer == 0 && !prefixed {
		return dst
	}
	for i, b := range e.doc.scope.bindings {
		own := prefixed && b.prefix == e.rawPrefix()
		if b.prefix != "" && (own || e.doc.outer&outerBit(i) != 0) && e.nearest(b.prefix) == nil {
			dst = AppendAttr(dst, "xmlns:"+b.prefix, b.uri)
		}
	}
	return dst
}

// nearest returns the declaration of a prefix that holds within e, nil if it is
// not in the document.
func (e *Element) nearest(prefix string) *attr {
	for n := e; n != nil; n = n.up() {
		if a := n.declares(prefix); a != nil {
			return a
		}
	}
	return nil
}

// usesDefault reports that a name within e has the default namespace that holds
// directly within e.
func (e *Element) usesDefault() bool {
	for i := e.self + 1; i < e.after; i++ {
		n := &e.doc.nodes[i]
		if n.prefix > 0 {
			continue
		}
		for n.self != e.self && n.declares("") == nil {
			n = n.up()
		}
		if n.self == e.self {
			return true
		}
	}
	return false
}

// rawName is the name with its prefix.
func (e *Element) rawName() string { return e.doc.raw[e.start+1:][:e.name] }

func (e *Element) rawPrefix() string { return e.doc.raw[e.start+1:][:e.prefix] }
