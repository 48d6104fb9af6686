package stanza

import "strings"

// A Header is the start tag of a stream (RFC 6120, 4.7), or what an <open/>
// element says in its place (RFC 7395, 3.4).
type Header struct {
	// Space and Local name the root: NSStream and "stream" if all is well.
	Space, Local string
	// Content is the default namespace: NSClient between clients and servers.
	Content string

	To, From string // JIDs as sent; "" if absent
	ID       string // the stream's, given by the server
	Version  string // of XMPP; "" if absent, which stands for one before 1.0
	Lang     string // xml:lang, the language of stanzas that don't say theirs
}

// HeaderOf reads a header that was sent as an element: <open/> is as good as the
// start tag of a client's stream (RFC 7395, 3.4).
func HeaderOf(e *Element) Header {
	h := rootHeader(e)
	if e.Is(NSFraming, "open") {
		h.Space, h.Local, h.Content = NSStream, "stream", NSClient
	}
	return h
}

// rootHeader reads the names and attributes of a root.
func rootHeader(e *Element) Header {
	lang, _ := e.LookupAttr(nsXML, "lang")
	content, _ := e.uri("")
	return Header{
		Space: e.Space(), Local: e.Local(), Content: content,
		To: e.Attr("to"), From: e.Attr("from"), ID: e.Attr("id"),
		Version: e.Attr("version"), Lang: lang,
	}
}

// Check returns the [StreamError] that a header of a client's stream deserves
// for its name, its namespaces (RFC 6120, 4.8) and its version (4.7.5). The
// addresses are for the caller to judge, which knows the hosts that it serves.
func (h Header) Check() error {
	switch {
	case h.Space != NSStream || h.Local != "stream":
		return &StreamError{Condition: StreamInvalidNamespace, Text: "the root must be stream in " + NSStream}
	case h.Content != NSClient && h.Content != NSStream:
		// The latter without prefixes: stanzas declare their own (4.8.5).
		return &StreamError{Condition: StreamInvalidNamespace, Text: "the default namespace must be " + NSClient}
	}
	if !supportsVersion(h.Version) {
		return &StreamError{Condition: StreamUnsupportedVersion, Text: "the version must be 1.0 or later"}
	}
	return nil
}

// supportsVersion decides by the major number alone: minor ones are compatible
// (RFC 6120, 4.7.5). It reports that a version is two numbers, the first not zero.
func supportsVersion(v string) bool {
	major, minor, _ := strings.Cut(v, ".")
	return strings.Trim(major, "0") != "" && digits(major) && digits(minor)
}

func digits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// AppendHeader appends an XML declaration and a stream header. The names and
// namespaces of h don't matter: they are those of a client's stream. The stream
// ends with [StreamEnd].
func AppendHeader(dst []byte, h Header) []byte {
	dst = append(dst, "<?xml version='1.0'?><stream:stream xmlns='"+NSClient+"' xmlns:stream='"+NSStream+"'"...)
	return append(h.appendAttrs(dst), '>')
}

// AppendOpen appends what AppendHeader does as one element, for a WebSocket
// (RFC 7395, 3.4).
func AppendOpen(dst []byte, h Header) []byte {
	dst = append(dst, "<open xmlns='"+NSFraming+"'"...)
	return append(h.appendAttrs(dst), "/>"...)
}

func (h Header) appendAttrs(dst []byte) []byte {
	if h.Version == "" {
		h.Version = "1.0"
	}
	dst = appendIf(dst, "id", h.ID)
	dst = appendIf(dst, "from", h.From)
	dst = appendIf(dst, "to", h.To)
	dst = AppendAttr(dst, "version", h.Version)
	return appendIf(dst, "xml:lang", h.Lang)
}

// StreamEnd closes a stream (RFC 6120, 4.4).
const StreamEnd = "</stream:stream>"
