package main

import (
	"encoding/json"
	"errors"
	"net"
	"regexp"
	"strings"
	"testing"
)

// idOf is the id of the one session that a user has.
func (p *process) idOf(t *testing.T, account string) (id string) {
	t.Helper()
	said, err := command(t, "sessions", account, "--json", "--nats", p.nats())
	var view struct{ ID string }
	if err == nil {
		err = json.Unmarshal([]byte(said), &view)
	}
	if err != nil || len(view.ID) != 26 {
		t.Fatalf("%s, %v", said, err)
	}
	return view.ID
}

// The client's stream ends, whoever kicks, and by whatever name of the session; the history
// says who it was.
func TestASessionIsKickedByItsIDFromTheCommandLineAndOverHTTP(t *testing.T) {
	t.Parallel()
	p := connectorProcess(t, t.TempDir(), "a", "--demo", "--nats-listen", "127.0.0.1:0", "--http", "127.0.0.1:0")
	alice := connected(t, p, "alice")
	id := p.idOf(t, "alice@localhost")
	said, err := command(t, "kick", id, "--reason", "at noon", "--nats", p.nats())
	if err != nil || said != "kicked alice@localhost/r on a\n" {
		t.Errorf("%q, %v", said, err)
	}
	if said, err := command(t, "kick", id, "--nats", p.nats()); err == nil || !strings.Contains(said, "there is no session "+id) {
		t.Errorf("once more: %q, %v", said, err)
	}
	expectEnd(t, alice, "at noon")

	token, err := command(t, "token", "add", "help-desk", "--scope", "kick", "--nats", p.nats())
	if err != nil {
		t.Fatal(token, err)
	}
	token = strings.TrimSpace(token[strings.Index(token, "rct_"):])
	bob := connected(t, p, "bob")
	path := "/v1/sessions/" + p.idOf(t, "bob@localhost") + "?reason=at+one"
	var code int
	eventually(t, "the token lets in", func() bool { code, said = p.request(t, "DELETE", token, path); return code != 401 })
	if code != 200 || !strings.Contains(said, `"jid":"bob@localhost/r","connector":"a"`) {
		t.Errorf("%d %s", code, said)
	}
	expectEnd(t, bob, "at one")

	for account, want := range map[string]string{"alice@localhost": `text="at noon" by="cli `, "bob@localhost": `text="at one" by="token help-desk"`} {
		if said, err := command(t, "history", account, "--nats", p.nats()); err != nil || !strings.Contains(said, want) {
			t.Errorf("the history of %s is %s %v", account, said, err)
		}
	}
	if said, err := command(t, "audit", "--about", "alice@localhost", "--nats", p.nats()); err != nil || !strings.Contains(said, id+" --reason=at noon") {
		t.Errorf("on record is %s %v", said, err)
	}
	for _, want := range []string{"token help-desk", "DELETE /v1/sessions/{id}", "bob@localhost"} {
		if said, err := command(t, "audit", "--about", "bob@localhost", "--nats", p.nats()); err != nil || !strings.Contains(said, want) {
			t.Errorf("on record is %s %v", said, err)
		}
	}
}

// expectEnd awaits that the client is sent away with a text.
func expectEnd(t *testing.T, c *client, text string) {
	t.Helper()
	for _, want := range []string{text, "end of stream"} {
		if err := c.expect(regexp.MustCompile(want)); err != nil && !errors.Is(err, net.ErrClosed) {
			t.Fatalf("%s: %v", want, err)
		}
	}
}
