package stanza

import (
	"fmt"
	"slices"
	"strings"
)

// canonical writes what an element means: names with their namespaces,
// attributes in order, text decoded, languages inherited.
func canonical(e *Element) string {
	var b strings.Builder
	writeCanonical(&b, e)
	return b.String()
}

func writeCanonical(b *strings.Builder, e *Element) {
	fmt.Fprintf(b, "<{%s}%s lang=%q", e.Space(), e.Local(), e.Lang())
	var attrs []string
	for a := range e.Attrs() {
		if a.Space != nsXML || a.Local != "lang" {
			attrs = append(attrs, fmt.Sprintf(" {%s}%s=%q", a.Space, a.Local, a.Value))
		}
	}
	slices.Sort(attrs)
	fmt.Fprintf(b, "%s text=%q>", strings.Join(attrs, ""), e.Text())
	for c := range e.Children() {
		writeCanonical(b, c)
	}
	b.WriteString("</>")
}
