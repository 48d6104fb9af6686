package stanza

import "bytes"

// A Stamp says what the server writes on a stanza that it forwards. Fields that
// are empty keep what was sent.
type Stamp struct {
	From, To, ID, Type string
	// Lang is used only if the stanza has no xml:lang, which is not to be
	// changed (RFC 6120, 8.1.5). If it is empty too, the language of the stream
	// that the stanza came from is written.
	Lang string
	// Standalone declares the default namespace even if it is jabber:client: for
	// a WebSocket message or within another element. See [AppendStandalone].
	Standalone bool
	// Without is a child of the element that is left out; nil: none is.
	Without *Element
}

// Alone is the element as it is kept: it means the same wherever it is put. Of a nil
// element it is nil.
func (e *Element) Alone() []byte {
	if e == nil {
		return nil
	}
	return e.AppendTo(nil, Stamp{Standalone: true})
}

// AppendTo appends the element so that it means the same in every stream whose
// default namespace is jabber:client. Of a stanza, what is between the root's
// start and end tag is byte for byte what was sent, but for the child that s
// leaves out, and so are the attributes that s leaves alone. Prefixes that the content uses and that were declared
// around the element, by the stream header for one, are declared by it.
//
// The root loses its prefix if it has one (RFC 6120, 4.8.5), except where
// the content relies on another default namespace than the root's.
func (e *Element) AppendTo(dst []byte, s Stamp) []byte {
	name, prefixed := e.Local(), false
	// The default namespace within e. If e has no prefix it is e's own.
	content, _ := e.uri("")
	if content != e.space && e.usesDefault() || e.space == nsXML {
		name, prefixed = e.rawName(), true
	}
	dst = append(dst, '<')
	dst = append(dst, name...)
	switch {
	case prefixed:
		// The root keeps its prefix, so that the default can be the content's.
		dst = AppendAttr(dst, "xmlns", content)
	case e.space != NSClient || s.Standalone:
		dst = AppendAttr(dst, "xmlns", e.space)
	}
	dst = e.appendStamp(dst, s)
	dst = e.appendOtherAttrs(dst, s)
	dst = e.appendOuter(dst, prefixed)
	if e.inner == e.end {
		return append(dst, "/>"...)
	}
	dst = append(dst, '>')
	dst = e.appendContent(dst, s.Without)
	dst = append(dst, "</"...)
	dst = append(dst, name...)
	return append(dst, '>')
}

func (e *Element) appendContent(dst []byte, without *Element) []byte {
	at := e.inner
	if without != nil {
		dst = append(dst, e.doc.raw[at:without.start]...)
		at = without.end
	}
	return append(dst, e.doc.raw[at:e.innerEnd]...)
}

// appendStamp appends what s says, in the customary order.
func (e *Element) appendStamp(dst []byte, s Stamp) []byte {
	dst = appendIf(dst, "from", s.From)
	dst = appendIf(dst, "to", s.To)
	dst = appendIf(dst, "id", s.ID)
	dst = appendIf(dst, "type", s.Type)
	_, has := e.LookupAttr(nsXML, "lang")
	if has {
		return dst
	}
	if s.Lang == "" && e.IsStanza() {
		s.Lang = e.Lang()
	}
	return appendIf(dst, "xml:lang", s.Lang)
}

// appendOtherAttrs appends what was sent and s leaves alone.
func (e *Element) appendOtherAttrs(dst []byte, s Stamp) []byte {
	for i := range e.attributes() {
		a := &e.attributes()[i]
		if a.decl || a.prefix == 0 && s.has(e.doc.local(a)) {
			continue
		}
		dst = e.doc.appendAttr(dst, a)
	}
	return dst
}

// has reports that the stamp says an attribute, instead of the one that was sent.
func (s *Stamp) has(local string) bool {
	switch local {
	case "from":
		return s.From != ""
	case "to":
		return s.To != ""
	case "id":
		return s.ID != ""
	case "type":
		return s.Type != ""
	}
	return false
}

// appendAttr appends a space and an attribute as it was sent.
func (d *document) appendAttr(dst []byte, a *attr) []byte {
	dst = append(dst, ' ')
	return append(dst, d.raw[a.at:a.value+a.length+1]...)
}

// AppendStandalone appends a stanza that was written for streams with
// jabber:client as their default namespace so that it means the same anywhere:
// in a WebSocket message (RFC 7395, 3.3.3) or within another element. It must
// come from [Element.AppendTo] or another appender of this package.
func AppendStandalone(dst, stanza []byte) []byte {
	i := 0
	for i < len(stanza) && stanza[i] != ' ' && stanza[i] != '/' && stanza[i] != '>' {
		i++
	}
	dst = append(dst, stanza[:i]...)
	// AppendTo declares the default namespace before anything else.
	if !bytes.HasPrefix(stanza[i:], []byte(" xmlns='")) {
		dst = append(dst, " xmlns='"+NSClient+"'"...)
	}
	return append(dst, stanza[i:]...)
}
