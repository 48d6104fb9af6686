package main

import (
	"strings"
	"testing"

	"github.com/rollcall-xmpp/rollcall/events"
)

// Whoever starts the demo again is told no password that lets nobody in.
func TestTheDemoTellsPasswordsThatAreRight(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	up := func() (*process, string) {
		p := connectorProcess(t, dir, "a", "--demo", "--nats-listen", "127.0.0.1:0")
		return p, p.out.String()
	}
	p, said := up()
	for _, user := range demoUsers {
		if !strings.Contains(said, "password "+user+"\n") {
			t.Errorf("at first %s has no password: %s", user, said)
		}
	}
	admin, err := adminOf(observer(t, p.nats()))
	if err == nil {
		_, err = admin.SetPassword(t.Context(), operator(), events.StoredJID("alice@localhost"), "secret")
	}
	if err == nil {
		_, err = admin.Remove(t.Context(), operator(), events.StoredJID("carol@localhost"))
	}
	if err != nil {
		t.Fatal(err)
	}
	p.kill()
	_, said = up()
	if strings.Contains(said, "password alice\n") || !strings.Contains(said, "alice@localhost") {
		t.Errorf("then alice is told as %s", said)
	}
	for _, user := range []string{"bob", "carol"} {
		if !strings.Contains(said, "password "+user+"\n") {
			t.Errorf("then %s has no password: %s", user, said)
		}
	}
}
