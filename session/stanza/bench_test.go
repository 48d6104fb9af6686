package stanza

import (
	"bytes"
	"encoding/xml"
	"io"
	"strings"
	"testing"
)

const (
	chatMessage = "<message to='bob@localhost/phone' id='5f2c9a41' type='chat' xml:lang='en'>" +
		"<body>Where shall we meet tomorrow? The usual place is closed.</body>" +
		"<active xmlns='http://jabber.org/protocol/chatstates'/><request xmlns='urn:xmpp:receipts'/></message>"
	presence = "<presence><show>away</show><priority>5</priority><c xmlns='http://jabber.org/protocol/caps' hash='sha-1'" +
		" node='https://example.org/client' ver='QgayPKawpkPSDYmwT/WM94uAlu0='/></presence>"
)

// An endless reader repeats a stanza after a stream header.
type endless struct{ stanza, rest string }

func (e *endless) Read(b []byte) (n int, err error) {
	for n < len(b) {
		if e.rest == "" {
			e.rest = e.stanza
		}
		c := copy(b[n:], e.rest)
		e.rest = e.rest[c:]
		n += c
	}
	return n, nil
}

func BenchmarkNext(b *testing.B) {
	for _, c := range []struct{ name, stanza string }{
		{"message", chatMessage},
		{"presence", presence},
		{"ping", "<iq type='get' id='a1'><ping xmlns='urn:xmpp:ping'/></iq>"},
		{"text16K", "<message to='a@b'><body>" + strings.Repeat("All work and no play makes Jack. ", 500) + "</body></message>"},
		{"cyrillic16K", "<message to='a@b'><body>" + strings.Repeat("Съешь ещё этих мягких булок. ", 320) + "</body></message>"},
	} {
		b.Run(c.name, func(b *testing.B) {
			rd := NewReader(&endless{stanza: c.stanza, rest: open}, Limits{})
			if _, err := rd.Header(); err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(c.stanza)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := rd.Next(); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(c.name+"/encoding_xml", func(b *testing.B) {
			d := xml.NewDecoder(&endless{stanza: c.stanza, rest: open})
			b.SetBytes(int64(len(c.stanza)))
			b.ReportAllocs()
			for range 2 {
				if _, err := d.Token(); err != nil {
					b.Fatal(err)
				}
			}
			for b.Loop() {
				stdElement(b, d)
			}
		})
	}
}

// stdElement reads one element and keeps nothing of it.
func stdElement(b *testing.B, d *xml.Decoder) {
	for depth := 0; ; {
		token, err := d.Token()
		if err != nil {
			b.Fatal(err)
		}
		switch token.(type) {
		case xml.StartElement:
			depth++
		case xml.EndElement:
			if depth--; depth == 0 {
				return
			}
		}
	}
}

func BenchmarkAppendTo(b *testing.B) {
	el, err := Parse([]byte(chatMessage), NSClient, Limits{})
	if err != nil {
		b.Fatal(err)
	}
	var dst []byte
	b.SetBytes(int64(len(chatMessage)))
	b.ReportAllocs()
	for b.Loop() {
		dst = el.AppendTo(dst[:0], Stamp{From: "alice@localhost/laptop"})
	}
}

func BenchmarkParse(b *testing.B) {
	data := []byte(chatMessage)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(data, NSClient, Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkStream is what a connection costs that logs in and goes idle.
func BenchmarkStream(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		rd := NewReader(bytes.NewReader([]byte(open)), Limits{})
		if _, err := rd.Header(); err != nil {
			b.Fatal(err)
		}
		if _, err := rd.Next(); err != io.EOF {
			b.Fatal(err)
		}
	}
}
