package c2s_test

import (
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// Transcripts compare XML by namespace, so that prefixes, quotes and the order
// of attributes make no difference.

const (
	nsClient  = "jabber:client"
	nsStreams = "http://etherx.jabber.org/streams"
	nsXML     = "http://www.w3.org/XML/1998/namespace"
	streamTag = "<stream:stream xmlns='" + nsClient + "' xmlns:stream='" + nsStreams + "'>"
)

// random matches what the server makes up: ids of streams, resources, pushes.
var (
	random = regexp.MustCompile(`[0-9A-Z]{26}|\b[2-7A-Z]{12}\b`)
	stamp  = regexp.MustCompile(` stamp='[0-9TZ:.-]+'`)
	// caps is what the features announce, which changes with every extension.
	caps = regexp.MustCompile(`( hash='sha-1' node='urn:rollcall') ver='[^']+'`)
)

// masked replaces what differs from run to run, but for a challenge, whose base64 now and
// then holds what looks like an id and which its client has to read.
func masked(s string) string {
	if strings.HasPrefix(s, "<challenge") {
		return s
	}
	s = stamp.ReplaceAllString(random.ReplaceAllString(s, "{random}"), " stamp='{time}'")
	return caps.ReplaceAllString(s, "$1 ver='{caps}'")
}

// An items reader cuts a stream into canonical items: its header, top-level
// elements, and the end tag.
type items struct{ d *xml.Decoder }

func newItems(r io.Reader) *items { return &items{d: xml.NewDecoder(r)} }

func (x *items) next() (string, error) {
	for {
		t, err := x.d.Token()
		if err != nil {
			return "", err
		}
		switch t := t.(type) {
		case xml.StartElement:
			if t.Name.Space == nsStreams && t.Name.Local == "stream" {
				return canonicalTag(t, "") + ">", nil
			}
			var b strings.Builder
			err := x.element(&b, t, nsClient)
			return b.String(), err
		case xml.EndElement:
			return "</stream:stream>", nil
		}
	}
}

func (x *items) element(b *strings.Builder, start xml.StartElement, outer string) error {
	tag := canonicalTag(start, outer)
	b.WriteString(tag)
	empty := true
	for {
		t, err := x.d.Token()
		if err != nil {
			return err
		}
		if _, end := t.(xml.EndElement); empty && end {
			b.WriteString("/>")
			return nil
		}
		if empty {
			b.WriteByte('>')
			empty = false
		}
		switch t := t.(type) {
		case xml.StartElement:
			if err := x.element(b, t, start.Name.Space); err != nil {
				return err
			}
		case xml.EndElement:
			b.WriteString("</" + strings.TrimPrefix(strings.Fields(tag)[0], "<") + ">")
			return nil
		case xml.CharData:
			b.WriteString(escape(string(t)))
		}
	}
}

// canonicalTag is a start tag without its end, in an element of namespace outer.
func canonicalTag(t xml.StartElement, outer string) string {
	var b strings.Builder
	b.WriteByte('<')
	switch t.Name.Space {
	case nsStreams:
		b.WriteString("stream:" + t.Name.Local)
	case outer:
		b.WriteString(t.Name.Local)
	default:
		fmt.Fprintf(&b, "%s xmlns='%s'", t.Name.Local, t.Name.Space)
	}
	attrs := slices.DeleteFunc(t.Attr, func(a xml.Attr) bool {
		return a.Name.Space == "xmlns" || a.Name.Space == "" && a.Name.Local == "xmlns"
	})
	slices.SortFunc(attrs, func(a, b xml.Attr) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.Name.Local, b.Name.Local))
	})
	for _, a := range attrs {
		name := a.Name.Local
		if a.Name.Space == nsXML || a.Name.Space == "xml" {
			name = "xml:" + name
		} else if a.Name.Space != "" {
			fmt.Fprintf(&b, " xmlns:x='%s'", a.Name.Space)
			name = "x:" + name
		}
		fmt.Fprintf(&b, " %s='%s'", name, strings.ReplaceAll(escape(a.Value), "'", "&apos;"))
	}
	return b.String()
}

func rank(a xml.Attr) int {
	i := slices.Index([]string{"from", "to", "id", "type"}, a.Name.Local)
	if i < 0 || a.Name.Space != "" {
		return 4
	}
	return i
}

var escape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace

// canonical brings one line of a transcript into the form of items.next.
func canonical(line string) (string, error) {
	switch line {
	case "(closed)", "</stream:stream>":
		return line, nil
	}
	if strings.HasPrefix(line, "<stream:stream") {
		line = strings.Replace(line, "<stream:stream", streamTag[:len(streamTag)-1], 1)
		return newItems(strings.NewReader(line)).next()
	}
	x := newItems(strings.NewReader(streamTag + line + "</stream:stream>"))
	if _, err := x.next(); err != nil {
		return "", err
	}
	item, err := x.next()
	if err != nil {
		return "", err
	}
	if rest, _ := x.next(); rest != "</stream:stream>" {
		return "", errors.New("more than one element in a line")
	}
	return item, nil
}
