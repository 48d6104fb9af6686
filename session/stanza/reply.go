package stanza

// AppendError appends the error reply to a stanza: of the same kind and id, with
// the addresses exchanged, but for what s says (RFC 6120, 8.3.1). Without a
// from, which a client need not send, the reply has no to: give it in s if the
// reply is to be routed.
//
// To a stanza that is itself an error or a result nothing is appended: such
// stanzas are never answered.
func AppendError(dst []byte, el *Element, cause *Error, s Stamp) []byte {
	if t := el.Type(); !el.IsStanza() || t == "error" || t == "result" && el.Local() == "iq" {
		return dst
	}
	s.Type = "error"
	dst = appendReply(dst, el, s)
	dst = append(dst, '>')
	dst = cause.AppendTo(dst)
	return appendEnd(dst, el)
}

// AppendResult appends the result of an iq, with a payload that may be empty
// and is appended as it is (RFC 6120, 8.2.3). The addresses are as of
// [AppendError].
func AppendResult(dst []byte, iq *Element, payload string, s Stamp) []byte {
	s.Type = "result"
	dst = appendReply(dst, iq, s)
	if payload == "" {
		return append(dst, "/>"...)
	}
	dst = append(dst, '>')
	dst = append(dst, payload...)
	return appendEnd(dst, iq)
}

// appendReply appends a start tag but for its >. Addresses are repeated as they
// were sent, prepared or not: the sender compares them with those that it
// wrote.
func appendReply(dst []byte, el *Element, s Stamp) []byte {
	if s.From == "" {
		s.From = el.Attr("to")
	}
	if s.To == "" {
		s.To = el.Attr("from")
	}
	if s.ID == "" {
		s.ID = el.ID()
	}
	dst = append(dst, '<')
	dst = append(dst, el.Local()...)
	if s.Standalone {
		dst = AppendAttr(dst, "xmlns", NSClient)
	}
	dst = appendIf(dst, "from", s.From)
	dst = appendIf(dst, "to", s.To)
	dst = appendIf(dst, "id", s.ID)
	dst = AppendAttr(dst, "type", s.Type)
	return appendIf(dst, "xml:lang", s.Lang)
}

func appendEnd(dst []byte, el *Element) []byte {
	dst = append(dst, "</"...)
	dst = append(dst, el.Local()...)
	return append(dst, '>')
}
