package stanza

// appendOuter appends the prefixes that the element's text needs: all that its
// own start tag declares, because text may use them where only its reader knows
// (as in XPath), and of those declared around it the ones that names have.
func (e *Element) appendOuter(dst []byte, prefixed bool) []byte {
	for i := range e.attributes() {
		if a := &e.attributes()[i]; a.decl && a.prefix > 0 {
			dst = e.doc.appendAttr(dst, a)
		}
	}
	if !e.doc.prefixed {
		return dst
	}
	for n := e.up(); n != nil; n = n.up() {
		for i := range n.attributes() {
			a := &n.attributes()[i]
			if !a.decl || a.prefix == 0 {
				continue
			}
			if p := e.doc.local(a); e.nearest(p) == a && e.uses(p, prefixed) {
				dst = e.doc.appendAttr(dst, a)
			}
		}
	}
	if e.doc.scope == nil {
		return dst
	}
	for _, b := range e.doc.scope.bindings {
		if b.prefix != "" && e.nearest(b.prefix) == nil && e.uses(b.prefix, prefixed) {
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

// uses reports that an attribute of e or a name within it has this prefix, or
// e's own name if that counts. The name may mean another declaration within e:
// then declaring the prefix once more does no harm.
func (e *Element) uses(prefix string, own bool) bool {
	for i := e.self; i < e.after; i++ {
		n := &e.doc.nodes[i]
		if (own || i > e.self) && e.doc.raw[n.start+1:][:n.prefix] == prefix {
			return true
		}
		for j := range n.attributes() {
			a := &n.attributes()[j]
			if !a.decl && e.doc.raw[a.at:][:a.prefix] == prefix {
				return true
			}
		}
	}
	return false
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
