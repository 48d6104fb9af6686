package main

import (
	"encoding/base64"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"
)

// auditors are the lines of the table in docs/audit.md, by their commands, with the text that
// must be in the answers to the command and to the URL.
var auditors = map[string][2]string{
	"rollcall logins address:192.0.2.0/24":                             {`(?s)authenticated +alice@localhost.*address=192\.0\.2\.7:.*auth_failed.*192\.0\.2\.66`, `(?s)authenticated.*192\.0\.2\.7:.*auth_failed.*192\.0\.2\.66:`},
	"rollcall logins type:auth_failed --limit 100":                     {`auth_failed +alice@localhost`, `"condition":"not-authorized"`},
	"rollcall sessions --at 2026-11-30T14:03:07Z --address":            {`alice@localhost/phone .*192\.0\.2\.7:`, `"jid":"alice@localhost/phone".*"address":"192\.0\.2\.7:`},
	"rollcall sessions --at 2026-11-30T14:03:07Z address:192.0.2.0/24": {`alice@localhost/phone `, `"jid":"alice@localhost/phone"`},
	"rollcall events type:closed reason:kicked":                        {`closed +bob@localhost/desk +reason=kicked text=rude by="cli `, `"reason":"kicked","text":"rude","by":"cli `},
	"rollcall events 'by:*'":                                           {`closed +bob@localhost/desk .*by="cli `, `"type":"rollcall.session.closed.v1".*"by":"cli `},
	"rollcall user export alice@localhost alice.zip":                   {`^exported all about alice@localhost into alice.zip\n$`, `(?s)^PK.*README\.txt`},
	"rollcall audit --about alice@localhost":                           {`user export +alice@localhost`, `"did":"user export",.*"about":"alice@localhost"`},
	"rollcall history alice@localhost":                                 {`(?s)authenticated.*auth_failed`, `(?s)authenticated.*auth_failed`},
	"rollcall logins 'agent:gajim*'":                                   {`authenticated +alice@localhost.*agent="Gajim 1.9, laptop, `, `"agent":"Gajim 1.9, laptop, `},
	"rollcall stats fights --since 7d":                                 {`carol@localhost/desk`, `"jid":"carol@localhost/desk"`},
	"rollcall stats storms --since 7d":                                 {`no storms`, `"figure":"storms",.*"items":\[\]`},
}

// Each question of an auditor has the command and the URL that the documentation gives it.
func TestAuditorsGetTheirAnswersByOneCommandAndOneURL(t *testing.T) {
	t.Parallel()
	paper, err := os.ReadFile("../../docs/audit.md")
	if err != nil {
		t.Fatal(err)
	}
	lines := regexp.MustCompile("(?m)^\\| [^|]+ \\| `(rollcall [^|`]+)` \\| `(/v1/[^|`]+)` \\|$").FindAllStringSubmatch(string(paper), -1)
	if table, _, _ := strings.Cut(string(paper), "\n## "); len(lines) != strings.Count(table, "\n| ")-1 || len(lines) != len(auditors) {
		t.Fatalf("%d lines of the table are read, and %d are known here:\n%s", len(lines), len(auditors), table)
	}
	p := connectorProcess(t, t.TempDir(), "a", "--demo", "--nats-listen", "127.0.0.1:0", "--http", "127.0.0.1:0", "--trusted-proxy", "127.0.0.1/32")
	p.happen(t)
	then := time.Now().UTC().Format(time.RFC3339Nano)
	token, err := command(t, "token", "add", "auditor", "--scope", "read,read:address,export,audit", "--nats", p.nats())
	if err != nil {
		t.Fatal(token, err)
	}
	token = regexp.MustCompile(`rct_\S+`).FindString(token)
	eventually(t, "the token lets in", func() bool { code, _ := p.ask(t, token, "/v1/sessions"); return code == http.StatusOK })
	dir := t.TempDir()
	for _, line := range lines {
		want, ok := auditors[line[1]]
		if !ok {
			t.Errorf("nothing is known of %s", line[1])
			continue
		}
		cmd := exec.CommandContext(t.Context(), "sh", "-c", strings.ReplaceAll(line[1], "2026-11-30T14:03:07Z", then))
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "ROLLCALL_NATS="+p.nats())
		if said, err := cmd.CombinedOutput(); err != nil || !regexp.MustCompile(want[0]).Match(said) {
			t.Errorf("%s: %v, %s, want %s", line[1], err, said, want[0])
		}
		status, body := p.ask(t, token, strings.ReplaceAll(line[2], "2026-11-30T14:03:07Z", then))
		if status != http.StatusOK || !regexp.MustCompile(want[1]).MatchString(body) {
			t.Errorf("%s: %d %s, want %s", line[2], status, body, want[1])
		}
	}
}

// happen makes what is auditors about: a login with software that has a name, one that fails,
// a kick, and clients that replace each other.
func (p *process) happen(t *testing.T) {
	t.Helper()
	nc, err := p.proxy("192.0.2.7")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.close)
	if err := nc.secure("localhost"); err != nil {
		t.Fatal(err)
	}
	plain := base64.StdEncoding.EncodeToString([]byte("\x00alice\x00alice"))
	for _, c := range [][2]string{
		{"<authenticate xmlns='urn:xmpp:sasl:2' mechanism='PLAIN'><initial-response>" + plain + "</initial-response>" +
			"<user-agent id='d4565fa7-4d72-4749-b3d3-740edbf87770'><software>Gajim 1.9</software><device>laptop</device></user-agent></authenticate>", "success"},
		{"", "features"},
		{"<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>phone</resource></bind></iq>", "iq"},
	} {
		if _, err := nc.ask(c[0], c[1]); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := p.proxied("192.0.2.66", "alice", "wrong", "x"); err == nil {
		t.Fatal("a wrong password is let in")
	}
	clients := []string{"bob", "carol", "carol", "carol", "carol"}
	for _, user := range clients {
		c, err := p.proxied("203.0.113.9", user, user, "desk")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.close)
	}
	if said, err := command(t, "kick", "bob@localhost", "--reason", "rude", "--nats", p.nats()); err != nil {
		t.Fatal(said, err)
	}
	eventually(t, "the failed login is stored", func() bool {
		said, _ := command(t, "logins", "type:auth_failed", "--nats", p.nats())
		return strings.Contains(said, "alice")
	})
}
