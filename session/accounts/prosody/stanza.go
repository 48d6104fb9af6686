package prosody

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// element makes an element of the table that Prosody keeps one in: its name, its
// attributes under attr, and its content by place, texts and elements. Its namespace is
// the attribute xmlns; without one it has that of the element around it. Attributes that
// are not the element's own are left out by name.
func element(t *table, without ...string) (*stanza.Element, error) {
	xml, err := appendElement(nil, t, stanza.NSClient, without)
	if err != nil {
		return nil, err
	}
	return stanza.Parse(xml, stanza.NSClient, stanza.Limits{Bytes: 2 * MaxFile, Depth: maxNesting, Elements: maxElements})
}

// listed is element for one that is on a list, which writes when it was put there.
func listed(t *table) (*stanza.Element, error) { return element(t, "stamp", "stamp_legacy") }

// appendElement writes an element within one of the namespace around.
func appendElement(xml []byte, t *table, around string, without []string) ([]byte, error) {
	name := t.text("name")
	if !isName(name) {
		return nil, fmt.Errorf("%.40q is no name of an element", name)
	}
	xml = append(append(xml, '<'), name...)
	for i, f := range t.table("attr").fields() {
		key, ok := f.key.(string)
		if !ok || slices.Contains(without, key) || key == "xmlns" && f.value == around {
			continue
		}
		var err error
		if xml, err = appendAttribute(xml, key, text(f.value), i); err != nil {
			return nil, err
		}
		if key == "xmlns" {
			around = text(f.value)
		}
	}
	if len(t.list) == 0 {
		return append(xml, "/>"...), nil
	}
	xml = append(xml, '>')
	for _, v := range t.list {
		var err error
		switch v := v.(type) {
		case string:
			xml = stanza.AppendText(xml, v)
		case *table:
			if xml, err = appendElement(xml, v, around, nil); err != nil {
				return nil, err
			}
		default:
			return nil, errors.New("an element has something in it that is neither text nor an element")
		}
	}
	return append(append(append(xml, "</"...), name...), '>'), nil
}

// appendAttribute writes one. That of a namespace has it before its name, with a byte 1
// between them.
func appendAttribute(xml []byte, key, text string, i int) ([]byte, error) {
	if space, local, ok := strings.Cut(key, "\x01"); ok {
		prefix := fmt.Sprintf("ns%d", i)
		xml = stanza.AppendAttr(xml, "xmlns:"+prefix, space)
		key = prefix + ":" + local
	}
	if prefix, local, ok := strings.Cut(key, ":"); !isName(prefix) || ok && !isName(local) {
		return nil, fmt.Errorf("%.40q is no name of an attribute", key)
	}
	return stanza.AppendAttr(xml, key, text), nil
}

// isName keeps what would end a tag out of it; the parser says whether it is a name.
func isName(s string) bool {
	return s != "" && !strings.ContainsAny(s, "<>&'\"=/: \t\r\n\x00\x01")
}
