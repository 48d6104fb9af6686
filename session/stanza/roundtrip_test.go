package stanza

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// A writer draws a stream with one stanza whose names, prefixes and
// declarations are as odd as they may be.
type writer struct {
	*rapid.T
	strings.Builder
}

// prefixes are drawn for slices by generators of their own: rapid names that of a slice
// at the first draw, which races with other tests that draw from the same one.
var prefixes = []string{"", "", "", "a", "b", "c", "stream"}

var (
	drawPrefix = rapid.SampledFrom(prefixes)
	drawURI    = rapid.SampledFrom([]string{NSClient, NSStream, "urn:a", "urn:b", "urn:&lt;&#x41;"})
	drawName   = rapid.SampledFrom([]string{"x", "y", "body", "\u00e9", "xmlnsx"})
	drawText   = rapid.SampledFrom([]string{"", "text", " ", "\r\n", "&amp;", "&#13;", "<![CDATA[<a>&]]>", "]]", "'\"", "\u4e2d"})
)

// start writes a start tag but for its end, with declarations of its own, and
// returns its name and the prefixes in scope. A stanza is one of jabber:client.
func (w *writer) start(scope map[string]string, stanza bool) (name string, within map[string]string) {
	within = map[string]string{}
	for p, uri := range scope {
		within[p] = uri
	}
	decls := ""
	prefix, local := drawPrefix.Draw(w.T, "prefix"), drawName.Draw(w.T, "name")
	declare := func(p, uri string) {
		within[p] = uri
		if p != "" {
			p = ":" + p
		}
		decls += " xmlns" + p + "='" + uri + "'"
	}
	if stanza {
		local = "message"
	}
	if _, ok := scope[prefix]; !ok && prefix != "" || rapid.Bool().Draw(w.T, "declare") || stanza && scope[prefix] != NSClient {
		uri := drawURI.Draw(w.T, "uri")
		if stanza {
			uri = NSClient
		}
		declare(prefix, uri)
	}
	if p := drawPrefix.Draw(w.T, "another"); p != prefix {
		declare(p, drawURI.Draw(w.T, "uri"))
	}
	name = local
	if prefix != "" {
		name = prefix + ":" + local
	}
	w.WriteString("<" + name + decls)
	for _, p := range rapid.SliceOfNDistinct(rapid.SampledFrom(prefixes), 0, 2, rapid.ID).Draw(w.T, "attributes") {
		if _, ok := within[p]; ok && p != "" {
			w.WriteString(" " + p + ":at-" + p + "='v'")
		} else if p == "" {
			w.WriteString(" to=\"&apos;'\" xml:lang = 'de'")
		}
	}
	return name, within
}

func (w *writer) element(scope map[string]string, depth int) {
	name, within := w.start(scope, depth == 0)
	if rapid.IntRange(0, 3).Draw(w.T, "empty") == 0 {
		w.WriteString(" />")
		return
	}
	w.WriteString(">" + drawText.Draw(w.T, "text"))
	for range rapid.IntRange(0, 3-depth).Draw(w.T, "children") {
		w.element(within, depth+1)
		w.WriteString(drawText.Draw(w.T, "text"))
	}
	w.WriteString("</" + name + ">")
}

// stream draws a header and, apart from it, a stanza.
func (w *writer) stream() (header, stanza string) {
	scope := map[string]string{}
	w.WriteString("<stream:stream xmlns:stream='" + NSStream + "'")
	scope["stream"] = NSStream
	for _, p := range rapid.SliceOfNDistinct(rapid.SampledFrom(prefixes), 0, 3, rapid.ID).Draw(w.T, "header") {
		if scope[p] == "" {
			scope[p] = drawURI.Draw(w.T, "uri")
			w.WriteString(" xmlns" + strings.TrimSuffix(":"+p, ":") + "='" + scope[p] + "'")
		}
	}
	if rapid.Bool().Draw(w.T, "lang") {
		w.WriteString(" xml:lang='en'")
	}
	w.WriteString(">")
	header = w.String()
	w.Reset()
	w.element(scope, 0)
	return header, w.String()
}

func TestForwardedElementsMeanTheSameInAnyClientStream(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := writer{T: t}
		header, text := w.stream()
		rd := NewReader(strings.NewReader(header+text), Limits{})
		if _, err := rd.Header(); err != nil {
			t.Fatalf("%s: %v", header, err)
		}
		el, err := rd.Next()
		if err != nil {
			t.Fatalf("%s%s: %v", header, text, err)
		}
		for i := range el.doc.nodes {
			checkForwarded(t, &el.doc.nodes[i])
		}
	})
}

type fataler interface{ Fatalf(string, ...any) }

// checkForwarded forwards e to streams that declare as much and as little as
// they may, and as a WebSocket message.
func checkForwarded(t fataler, e *Element) {
	others := &scope{bindings: []binding{{"", NSClient}, {"a", "urn:other"}, {"b", "urn:more"}, {"stream", NSStream}}}
	// The language that an element inherits is the server's to write.
	plain := e.AppendTo(nil, Stamp{Lang: e.Lang()})
	framed := e.AppendTo(nil, Stamp{Lang: e.Lang(), Standalone: true})
	for _, c := range []struct {
		text  []byte
		scope *scope
	}{{plain, &onlyContent}, {plain, others}, {framed, nil}, {AppendStandalone(nil, plain), nil}} {
		rd := Reader{lim: Limits{}.withDefaults(), in: input{whole: c.text, w: len(c.text)}, root: "s", scope: c.scope}
		got, err := rd.Next()
		if err != nil {
			t.Fatalf("%s was forwarded as %s: %v", e.Raw(), c.text, err)
		}
		if g, w := canonical(got), canonical(e); g != w {
			t.Fatalf("%s was forwarded as %s:\n got %s\nwant %s", e.Raw(), c.text, g, w)
		}
		if got.content() != e.content() {
			t.Fatalf("%s was forwarded as %s", e.Raw(), c.text)
		}
	}
}

// content is what is between the start and the end tag.
func (e *Element) content() string { return e.doc.raw[e.inner:e.innerEnd] }
