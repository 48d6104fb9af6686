package stanza

import (
	"io"
	"strings"
	"testing"
)

func TestQuick(t *testing.T) {
	rd := NewReader(strings.NewReader(`<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='localhost' version='1.0' xml:lang='en'>
<message to='bob@localhost' id="1"><body>hi &amp; bye</body><active xmlns='http://jabber.org/protocol/chatstates'/></message> <presence/></stream:stream>`), Limits{})
	h, err := rd.Header()
	t.Logf("%+v %v %v", h, err, h.Check())
	for {
		el, err := rd.Next()
		if err != nil {
			t.Log(err)
			if err != ErrStreamEnd {
				t.Fatal(err, io.EOF)
			}
			return
		}
		t.Log(el.Space(), el.Local(), el.Child(NSClient, "body").Text(), el.Child("http://jabber.org/protocol/chatstates", "active") != nil, string(el.AppendTo(nil, Stamp{From: "a@b/c"})))
		t.Log(string(AppendError(nil, el, &Error{Condition: ItemNotFound}, Stamp{})))
	}
}
