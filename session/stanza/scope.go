package stanza

import (
	"slices"
	"strings"
)

// A scope is what stanzas inherit from the stream header around them.
type scope struct {
	bindings []binding // at most one for each prefix
	lang     string    // xml:lang
}

// A binding is a namespace prefix, "" for the default, and what it stands for.
type binding struct{ prefix, uri string }

// uri returns the namespace of a prefix and whether it is declared.
func (s *scope) uri(prefix string) (string, bool) {
	if s != nil {
		for i := range s.bindings {
			if s.bindings[i].prefix == prefix {
				return s.bindings[i].uri, true
			}
		}
	}
	return "", false
}

// The declarations that nearly every stream has are shared by all of them.
var (
	usual       = scope{bindings: []binding{{"", NSClient}, {"stream", NSStream}}}
	onlyContent = scope{bindings: []binding{{"", NSClient}}}
)

// contentScope returns a scope that has only a default namespace.
func contentScope(content string) *scope {
	switch content {
	case "":
		return nil
	case NSClient:
		return &onlyContent
	}
	return &scope{bindings: []binding{{"", content}}}
}

// scopeOf returns the scope within root, which it does not refer to.
func scopeOf(root *Element) *scope {
	s := &scope{lang: strings.Clone(root.Lang())}
	for i := range root.attributes() {
		if a := &root.attributes()[i]; a.decl {
			b := binding{root.doc.declared(a), root.doc.value(a)}
			s.bindings = append(s.bindings, binding{strings.Clone(b.prefix), strings.Clone(b.uri)})
		}
	}
	if len(s.bindings) == len(usual.bindings) && !slices.ContainsFunc(s.bindings, usual.lacks) {
		if s.bindings = usual.bindings; s.lang == "" {
			return &usual
		}
	}
	return s
}

func (s *scope) lacks(b binding) bool {
	uri, ok := s.uri(b.prefix)
	return !ok || uri != b.uri
}
