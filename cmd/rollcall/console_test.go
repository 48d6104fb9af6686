package main

import (
	"bytes"
	"testing"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
)

func TestJSONIsForScriptsAndNotEscapedForHTML(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := newConsole(nil, &out, nil).printJSON(ask.Target{Session: "<a&b>"}); err != nil {
		t.Fatal(err)
	}
	if want := `{"jid":null,"session":"<a&b>","connector":null,"priority":0}` + "\n"; out.String() != want {
		t.Errorf("got %swant %s", out.String(), want)
	}
	line, err := jsonObject([]field{{"text", "<a&b>"}, {"count", 2}})
	if want := `{"text":"<a&b>","count":2}`; err != nil || string(line) != want {
		t.Errorf("got %s, %v; want %s", line, err, want)
	}
}
