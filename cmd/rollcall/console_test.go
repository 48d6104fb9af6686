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

// A line that is to stay does not begin behind one of progress.
func TestWhatStaysTakesThePlaceOfProgress(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	con := newConsole(nil, &out, &out)
	con.erasable("looking at records: 0 of 13")
	con.say("no logins")
	con.say("once more")
	con.erasable("writing")
	table := newTable(con, "NAME")
	table.row("a")
	table.flush()
	want := "\r\x1b[Klooking at records: 0 of 13\r\x1b[Kno logins\nonce more\n\r\x1b[Kwriting\r\x1b[KNAME\na\n"
	if out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}
