package main

import (
	"bytes"
	"testing"
)

func TestJSONIsForScriptsAndNotEscapedForHTML(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := newConsole(nil, &out, nil).printJSON(target{Session: "<a&b>"}); err != nil {
		t.Fatal(err)
	}
	if want := `{"jid":"","session":"<a&b>","connector":"","priority":0}` + "\n"; out.String() != want {
		t.Errorf("got %swant %s", out.String(), want)
	}
	line, err := jsonObject([]field{{"text", "<a&b>"}, {"count", 2}})
	if want := `{"text":"<a&b>","count":2}`; err != nil || string(line) != want {
		t.Errorf("got %s, %v; want %s", line, err, want)
	}
}

func TestNoPasswordOfNATSIsShown(t *testing.T) {
	t.Parallel()
	for urls, want := range map[string]string{
		"nats://127.0.0.1:4222":          "nats://127.0.0.1:4222",
		"nats://me:secret@a:4222,b:4222": "nats://me:xxxxx@a:4222,b:4222",
		"tls://token@a":                  "tls://xxxxx@a",
		"127.0.0.1:4222":                 "127.0.0.1:4222",
	} {
		if got := redacted(urls); got != want {
			t.Errorf("%s is shown as %s, not %s", urls, got, want)
		}
	}
}
