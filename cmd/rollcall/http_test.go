package main

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// ask asks with a token.
func (p *process) ask(t *testing.T, token, path string) (int, string) {
	t.Helper()
	return p.request(t, "GET", token, path)
}

func (p *process) request(t *testing.T, method, token, path string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, httpAddress.FindStringSubmatch(p.out.String())[1]+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

// A token that the command line makes lets into a service that runs, until it removes it;
// and a name that it erases is forgotten by that service too.
func TestTheCommandLineDecidesWhoMayAskAService(t *testing.T) {
	t.Parallel()
	p := connectorProcess(t, t.TempDir(), "a", "--demo", "--nats-listen", "127.0.0.1:0", "--http", "127.0.0.1:0")
	token, err := command(t, "token", "add", "test", "--nats", p.nats())
	if err != nil {
		t.Fatal(token, err)
	}
	token = token[strings.Index(token, "rct_"):]
	token = strings.TrimSpace(token)
	about := "/v1/events?account=alice@localhost"
	eventually(t, "the token lets in", func() bool { code, _ := p.ask(t, token, about); return code == 200 })
	_, body := p.ask(t, token, about)
	if !strings.Contains(body, `"account":"alice@localhost","who":"`) {
		t.Errorf("alice's are %s", body)
	}
	if said, err := command(t, "names", "erase", "alice@localhost", "--nats", p.nats()); err != nil {
		t.Fatal(said, err)
	}
	eventually(t, "the pseudonym is forgotten", func() bool { _, body := p.ask(t, token, about); return !strings.Contains(body, `"who"`) })
	if said, err := command(t, "token", "rm", "test", "--nats", p.nats()); err != nil {
		t.Fatal(said, err)
	}
	eventually(t, "the token is refused", func() bool { code, _ := p.ask(t, token, about); return code == 401 })
	if said, err := command(t, "audit", "--about", "alice@localhost", "--nats", p.nats()); err != nil || !strings.Contains(said, "token test") || strings.Contains(said, "rct_") {
		t.Errorf("on record is %s %v", said, err)
	}
}
