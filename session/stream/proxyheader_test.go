package stream

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
)

// Headers of the PROXY protocol, and whom they name; "" is the proxy itself.
var proxyHeaders = []struct{ header, client string }{
	{"PROXY TCP4 192.0.2.1 198.51.100.1 50000 5222\r\n", "192.0.2.1:50000"},
	{"PROXY TCP6 2001:db8::1 2001:db8::2 50000 5222\r\n", "[2001:db8::1]:50000"},
	{"PROXY UNKNOWN\r\n", ""},
	{"PROXY UNKNOWN 1 2 3 4\r\n", ""},
	{proxySignature + "\x21\x11\x00\x0c\xc0\x00\x02\x01\xc6\x33\x64\x01\xc3\x50\x14\x66", "192.0.2.1:50000"},
	{proxySignature + "\x21\x11\x00\x0f\xc0\x00\x02\x01\xc6\x33\x64\x01\xc3\x50\x14\x66\x04\x00\x00", "192.0.2.1:50000"}, // and one more field
	{proxySignature + "\x21\x21\x00\x24" + ip6 + ip6 + "\xc3\x50\x14\x66", "[2001:db8::1]:50000"},
	{proxySignature + "\x20\x11\x00\x0c\xc0\x00\x02\x01\xc6\x33\x64\x01\xc3\x50\x14\x66", ""}, // local
	{proxySignature + "\x20\x00\x00\x00", ""},
	{proxySignature + "\x21\x31\x00\x00", ""}, // a socket of Unix
}

const ip6 = "\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01"

func TestAProxyHeaderIsReadAndNothingAfterIt(t *testing.T) {
	t.Parallel()
	const rest = "<stream:stream>"
	for _, tt := range proxyHeaders {
		r := strings.NewReader(tt.header + rest)
		client, err := readProxyHeader(r)
		got := ""
		if client != nil {
			got = client.String()
		}
		after, _ := io.ReadAll(r)
		if err != nil || got != tt.client || string(after) != rest {
			t.Errorf("%q: %s, %v, then %q, want %s", tt.header, got, err, after, tt.client)
		}
	}
}

func TestWhatIsNoProxyHeaderIsRefused(t *testing.T) {
	t.Parallel()
	for _, header := range []string{
		"<?xml version='1.0'?>",
		"PROXY TCP4 192.0.2.1 198.51.100.1 50000 5222\n",
		"PROXY TCP4 192.0.2.1 198.51.100.1 70000 5222\r\n",
		"PROXY TCP4 2001:db8::1 2001:db8::2 50000 5222\r\n",
		"PROXY TCP4 192.0.2.1 50000\r\n",
		"PROXY UDP4 192.0.2.1 198.51.100.1 50000 5222\r\n",
		"PROXY UNKNOWN " + strings.Repeat("x", 200) + "\r\n",
		proxySignature + "\x11\x11\x00\x0c............",
		proxySignature + "\x22\x11\x00\x0c............",
		proxySignature + "\x21\x11\x00\x04....",
		proxySignature + "\x21\x11\xff\xff....",
	} {
		if client, err := readProxyHeader(strings.NewReader(header)); !errors.Is(err, errProxy) {
			t.Errorf("%q: %v, %v", header, client, err)
		}
	}
	for _, tt := range proxyHeaders {
		short := strings.NewReader(tt.header[:len(tt.header)-1])
		if client, err := readProxyHeader(short); err == nil {
			t.Errorf("%q without its end: %v", tt.header, client)
		}
	}
}

func FuzzProxyHeader(f *testing.F) {
	for _, tt := range proxyHeaders {
		f.Add([]byte(tt.header))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r := bytes.NewReader(b)
		client, err := readProxyHeader(r)
		if err != nil && client != nil {
			t.Errorf("%v with %v", client, err)
		}
		if read := len(b) - r.Len(); read > len(proxySignature)+4+maxProxyBlock {
			t.Errorf("%d bytes were read", read)
		}
	})
}
