package stanza

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzDifferential compares with encoding/xml, which reads more than a stream
// may have: whatever is accepted here it must accept too, and understand alike.
func FuzzDifferential(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	for _, c := range refused {
		f.Add([]byte(c.xml))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		el, err := Parse(in, "", Limits{})
		theirs, theirErr := parseStd(in)
		if err != nil {
			if theirErr == nil && theirs != "" && !excused(err) {
				t.Fatalf("%q: %v, but encoding/xml reads %s", in, err, theirs)
			}
			return
		}
		if theirErr != nil {
			// Its names are those of an older edition of XML.
			if !strings.Contains(theirErr.Error(), "invalid XML name") || isASCII(in) {
				t.Fatalf("%q is accepted, but encoding/xml says %v", in, theirErr)
			}
			return
		}
		if ours := plain(el); ours != theirs {
			t.Fatalf("%q:\nread as %s\nencoding/xml: %s", in, ours, theirs)
		}
	})
}

// excused reports that an error is about what encoding/xml does not look for.
func excused(err error) bool {
	refused, ok := err.(*StreamError)
	if !ok {
		return false
	}
	switch refused.Condition {
	case StreamRestrictedXML, StreamBadNamespacePrefix, StreamPolicyViolation, StreamUnsupportedEncoding:
		return true
	}
	return slices.Contains([]string{
		"attribute given twice",
		"attribute given twice by two prefixes",
		"expected white space, / or > in a tag",
		"name with two colons",
		"expected a name", // before or after a colon
		"character that a name may not have",
		"more than one element", // it reads on
		"text outside of an element",
		"CDATA section outside of an element",
		"end tag without an element",
		"character that XML does not allow", // outside of elements
		"reference to a character that XML does not allow",
	}, refused.Text)
}

func isASCII(b []byte) bool {
	return !slices.ContainsFunc(b, func(c byte) bool { return c >= utf8.RuneSelf })
}

// parseStd reads one document and writes it as plain does.
func parseStd(in []byte) (string, error) {
	d := xml.NewDecoder(bytes.NewReader(in))
	var out []string
	var text [][]byte
	for {
		token, err := d.Token()
		if err == io.EOF {
			return strings.Join(out, ""), nil
		}
		if err != nil {
			return "", err
		}
		switch t := token.(type) {
		case xml.StartElement:
			var attrs []Attr
			for _, a := range t.Attr {
				if a.Name.Space != "xmlns" && a.Name != (xml.Name{Local: "xmlns"}) {
					attrs = append(attrs, Attr{a.Name.Space, a.Name.Local, a.Value})
				}
			}
			out = append(out, plainStart(t.Name.Space, t.Name.Local, attrs))
			text = append(text, nil)
		case xml.EndElement:
			last := len(text) - 1
			out = append(out, fmt.Sprintf("%q</>", text[last]))
			text = text[:last]
		case xml.CharData:
			if last := len(text) - 1; last >= 0 {
				text[last] = append(text[last], t...)
			}
		}
	}
}

func plain(e *Element) string {
	var b strings.Builder
	b.WriteString(plainStart(e.Space(), e.Local(), slices.Collect(e.Attrs())))
	for c := range e.Children() {
		b.WriteString(plain(c))
	}
	fmt.Fprintf(&b, "%q</>", e.Text())
	return b.String()
}

// plainStart writes a start tag. encoding/xml does not normalize white space in
// values, nor in those that declare namespaces, so it is left out of account.
func plainStart(space, local string, attrs []Attr) string {
	blank := strings.NewReplacer("\t", " ", "\n", " ", "\r", " ")
	for i, a := range attrs {
		attrs[i] = Attr{blank.Replace(a.Space), a.Local, blank.Replace(a.Value)}
	}
	return fmt.Sprintf("<{%s}%s%q>", blank.Replace(space), local, attrs)
}
