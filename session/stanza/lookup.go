package stanza

import "iter"

// An Attr is an attribute of an element. Declarations of namespaces are none.
type Attr struct {
	Space, Local, Value string
}

// Attr returns the value of an attribute without a namespace, "" if e does not
// have it.
func (e *Element) Attr(local string) string {
	value, _ := e.LookupAttr("", local)
	return value
}

// LookupAttr returns the value of an attribute and whether e has it.
func (e *Element) LookupAttr(space, local string) (value string, ok bool) {
	if e == nil {
		return "", false
	}
	for i := range e.attributes() {
		a := &e.attributes()[i]
		if e.doc.local(a) == local && !a.decl && e.attrSpace(a) == space {
			return e.doc.value(a), true
		}
	}
	return "", false
}

// Attrs returns the attributes in the order in which they were sent.
func (e *Element) Attrs() iter.Seq[Attr] {
	return func(yield func(Attr) bool) {
		if e == nil {
			return
		}
		for i := range e.attributes() {
			a := &e.attributes()[i]
			if !a.decl && !yield(Attr{e.attrSpace(a), e.doc.local(a), e.doc.value(a)}) {
				return
			}
		}
	}
}

// Lang returns the language of e's text: its xml:lang or the nearest one around
// it, that of the stream header at last.
func (e *Element) Lang() string {
	if e == nil {
		return ""
	}
	for n := e; n != nil; n = n.up() {
		if lang, ok := n.LookupAttr(nsXML, "lang"); ok {
			return lang
		}
	}
	if e.doc.scope != nil {
		return e.doc.scope.lang
	}
	return ""
}

// attributes returns e's attributes and namespace declarations.
func (e *Element) attributes() []attr { return e.doc.attrs[e.attr0:][:e.attrs] }

func (d *document) local(a *attr) string {
	return d.raw[int(a.at)+skipPrefix(a.prefix) : a.at+uint32(a.name)]
}

func (d *document) value(a *attr) string {
	raw := d.raw[a.value:][:a.length]
	if a.cooked {
		return decodeValue(raw)
	}
	return raw
}

// attrSpace returns an attribute's namespace: that of its prefix, never the
// default one.
func (e *Element) attrSpace(a *attr) string {
	if a.prefix == 0 {
		return ""
	}
	prefix := e.doc.raw[a.at:][:a.prefix]
	if prefix == "xml" {
		return nsXML
	}
	uri, _ := e.uri(prefix)
	return uri
}

// uri returns what a prefix, "" for the default, stands for within e.
func (e *Element) uri(prefix string) (string, bool) {
	for n := e; n != nil; n = n.up() {
		if a := n.declares(prefix); a != nil {
			return e.doc.value(a), true
		}
	}
	return e.doc.scope.uri(prefix)
}

// declares returns e's own declaration of a prefix, nil if it has none.
func (e *Element) declares(prefix string) *attr {
	for i := range e.attributes() {
		a := &e.attributes()[i]
		if a.decl && e.doc.declared(a) == prefix {
			return a
		}
	}
	return nil
}

// declared returns the prefix that a declaration is for.
func (d *document) declared(a *attr) string {
	if a.prefix == 0 {
		return ""
	}
	return d.local(a)
}
