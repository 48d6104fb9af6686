package stanza

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

var seeds = []string{
	"<presence/>",
	chatMessage,
	"<iq type='get' id='1'><query xmlns='jabber:iq:roster'/></iq>",
	"<a xmlns:b='c' b:d=\"e&amp;&#x20;\t'\"><b:f/>&lt;<![CDATA[]]]]>]] ></a >\r\n",
	"<m xml:lang='\u00e9'>\u4e2d\U0001F600</m>",
}

// A piecemeal reader gives as many bytes at a time as the sizes say in turn.
type piecemeal struct {
	r     io.Reader
	sizes []byte
	next  int
}

func (p *piecemeal) Read(b []byte) (int, error) {
	n := len(b)
	if len(p.sizes) > 0 {
		n = min(n, int(p.sizes[p.next%len(p.sizes)])+1)
		p.next++
	}
	return p.r.Read(b[:n])
}

func FuzzReader(f *testing.F) {
	for _, s := range seeds {
		f.Add(open+s+StreamEnd, []byte{0, 7, 200})
	}
	for _, c := range refused {
		f.Add(open+c.xml, []byte{3})
	}
	lim := Limits{Bytes: 2000, Depth: 8, Elements: 20, Attributes: 6, Name: 40}
	f.Fuzz(func(t *testing.T, in string, sizes []byte) {
		at := &piecemeal{r: strings.NewReader(in), sizes: sizes}
		rd := NewReader(at, lim)
		var pieces []string
		h, err := rd.Header()
		pieces = append(pieces, fmt.Sprint(h, err))
		for err == nil {
			var el *Element
			if el, err = rd.Next(); err == nil {
				checkWithin(t, el, lim)
				pieces = append(pieces, canonical(el))
			}
			if len(rd.in.whole) > headerBytes {
				t.Fatalf("buffer of %d bytes", len(rd.in.whole))
			}
		}
		whole, wholeErr := readCanonical(strings.NewReader(in), lim)
		single, singleErr := readCanonical(iotest.OneByteReader(strings.NewReader(in)), lim)
		if fmt.Sprint(pieces, err) != fmt.Sprint(whole, wholeErr) || fmt.Sprint(whole, wholeErr) != fmt.Sprint(single, singleErr) {
			t.Fatalf("in pieces %q, %v\nas a whole %q, %v\nbyte by byte %q, %v", pieces, err, whole, wholeErr, single, singleErr)
		}
	})
}

func readCanonical(r io.Reader, lim Limits) (elements []string, err error) {
	rd := NewReader(r, lim)
	h, err := rd.Header()
	elements = append(elements, fmt.Sprint(h, err))
	for err == nil {
		var el *Element
		if el, err = rd.Next(); err == nil {
			elements = append(elements, canonical(el))
		}
	}
	return elements, err
}

func checkWithin(t *testing.T, el *Element, lim Limits) {
	if len(el.Raw()) > lim.Bytes || len(el.doc.nodes) > lim.Elements {
		t.Fatalf("beyond the limits: %q", el.Raw())
	}
	for i := range el.doc.nodes {
		n := &el.doc.nodes[i]
		depth := 0
		for up := n; up != nil; up = up.up() {
			depth++
		}
		if depth > lim.Depth || len(n.attributes()) > lim.Attributes || int(n.name) > lim.Name {
			t.Fatalf("beyond the limits: %q", n.Raw())
		}
	}
}

func FuzzRoundTrip(f *testing.F) {
	for _, s := range seeds {
		f.Add(open, s)
		f.Add("<s:stream xmlns:s='"+NSStream+"' xmlns:b='urn:b' xmlns='urn:d'>", s)
	}
	f.Fuzz(func(t *testing.T, header, text string) {
		rd := NewReader(strings.NewReader(header+text), Limits{Depth: 16, Elements: 50})
		if _, err := rd.Header(); err != nil {
			return
		}
		for {
			el, err := rd.Next()
			if err != nil {
				return
			}
			for i := range el.doc.nodes {
				checkForwarded(t, &el.doc.nodes[i])
			}
		}
	})
}
