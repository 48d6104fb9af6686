package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// operating are the commands of docs/operating.md, and what must be in their answers.
var operating = map[string]string{
	"rollcall nats-config --nodes 3 --host nats1.example.org,nats2.example.org,nats3.example.org --path /etc/nats nats": `(?s)nats1\.conf.*nats3\.conf`,
	"rollcall log create --log-max-age 30d":                          `keeps records for 30 days`,
	"rollcall config check rollcall.toml":                            `^rollcall.toml`,
	"rollcall up --config rollcall.toml":                             ``, // see below
	"rollcall connectors":                                            `(?m)^xmpp1 +alive`,
	"rollcall log":                                                   `RC_EV|fill|full|log`,
	"rollcall import /var/lib/prosody --dry-run":                     `would import 2 accounts; left out 1 host without accounts`,
	"rollcall import /var/lib/prosody":                               `imported 2 accounts; left out 1 host without accounts`,
	"rollcall user list":                                             `alice@example\.org`,
	"rollcall sessions":                                              `alice@example\.org/phone`,
	"rollcall logins --since 1h":                                     `authenticated +alice@example\.org`,
	"rollcall events --since 1h":                                     `bound +alice@example\.org/phone`,
	"rollcall user export --xep0227 accounts.xml":                    ``,
	"rollcall user add dave@example.org":                             ``,
	"rollcall user role dave@example.org admin":                      `admin`,
	"rollcall user disable dave@example.org --for 24h --reason spam": `disabled dave@example\.org`,
	"rollcall user enable dave@example.org":                          `enabled dave@example\.org`,
	"rollcall announce 'We restart at noon.'":                        `^sent to 1 account`,
	"rollcall kick alice@example.org --reason maintenance":           `kicked alice@example\.org/phone`,
	"rollcall ban add 192.0.2.0/24 --for 1h --reason flood":          `192\.0\.2\.0/24`,
	"rollcall ban list":                                              `192\.0\.2\.0/24`,
	"rollcall ban rm 192.0.2.0/24":                                   `192\.0\.2\.0/24`,
	"rollcall route alice@example.org":                               `message`,
	"rollcall history alice@example.org":                             `authenticated`,
	"rollcall audit":                                                 `kick`,
	"rollcall drain xmpp1 --for 10m":                                 `^xmpp1 is drained`,
	"rollcall drain xmpp1 --undo":                                    `^xmpp1 takes clients again`,
	"rollcall backup backup-1":                                       `backed up`,
	"rollcall restore backup-1 --data restored":                      `restored`,
	"rollcall health":                                                ``,
	"rollcall version":                                               `rollcall`,
	"rollcall web":                                                   `^open this`,
	"rollcall verify":                                                `agrees`,
	"rollcall log set --max-age 14d":                                 `14 days`,
	"rollcall stats storms --since 7d":                               `storms`,
	"rollcall logins account:alice@example.org":                      `alice@example\.org`,
}

// Whoever follows docs/operating.md gets what it says, on three NATS servers with permissions.
func TestEachCommandOfTheOperatorsDocumentWorks(t *testing.T) {
	t.Parallel()
	paper, err := os.ReadFile("../../docs/operating.md")
	if err != nil {
		t.Fatal(err)
	}
	commands := regexp.MustCompile("(?m)^    (rollcall .*)$|`(rollcall [^`]+)`").FindAllStringSubmatch(string(paper), -1)
	settings := regexp.MustCompile("(?s)```toml\n(.*?)```").FindStringSubmatch(string(paper))
	if settings == nil || len(commands) < 20 {
		t.Fatalf("%d commands and no settings", len(commands))
	}
	w := newOffice(t, settings[1])
	seen := make(map[string]bool)
	for _, m := range commands {
		line := m[1] + m[2]
		want, known := operating[line]
		switch {
		case !known:
			t.Errorf("nothing is known of %s", line)
		case !seen[line]:
			seen[line] = true
			w.do(line, regexp.MustCompile(want))
		}
	}
	for line := range operating {
		if !seen[line] {
			t.Errorf("%s is not in the document", line)
		}
	}
}

// An office is where the operator of the document works.
type office struct {
	*testing.T
	dir   string
	http  string // where the connector answers
	c2s   string // where clients find it, once it is up
	admin []string
}

// newOffice has the files that the document means, with the addresses of this machine.
func newOffice(t *testing.T, settings string) *office {
	t.Helper()
	_, url, keys := permittedServers(t, 3)
	w := &office{T: t, dir: t.TempDir(), http: freeHosts(t, 1)[0]}
	host := `"tls://nats1.example.org:4222,tls://nats2.example.org:4222,tls://nats3.example.org:4222"`
	if !strings.Contains(settings, host) {
		t.Fatalf("the settings name other servers:\n%s", settings)
	}
	here := strings.NewReplacer(
		host, fmt.Sprintf("%q", url), `":5222"`, `"127.0.0.1:0"`, `":5223"`, `"127.0.0.1:0"`,
		`"/etc/rollcall/certs"`, `"certs"`, `"/etc/rollcall/ca.pem"`, fmt.Sprintf("%q", filepath.Join(keys, "ca.pem")),
		`"/etc/rollcall/service.nk"`, fmt.Sprintf("%q", filepath.Join(keys, "service.nk")),
	).Replace(settings)
	w.write("rollcall.toml", here+"ws = \"\"\n")
	w.write("admin.toml", fmt.Sprintf("nats = %q\nnats-ca = %q\nnkey = %q\n", url, filepath.Join(keys, "ca.pem"), filepath.Join(keys, "admin.nk")))
	w.admin = append(os.Environ(), "ROLLCALL_CONFIG="+filepath.Join(w.dir, "admin.toml"), "ROLLCALL_HTTP="+w.http)
	w.certificate("example.org")
	for file, text := range map[string]string{
		"prosody/example%2eorg/accounts/alice.dat":     `return { ["password"] = "alice"; };`,
		"prosody/example%2eorg/roster/alice.dat":       `return { [false] = { ["version"] = 1; }; ["bob@example.org"] = { ["subscription"] = "both"; ["groups"] = {}; }; };`,
		"prosody/example%2eorg/accounts/bob.dat":       `return { ["password"] = "bob"; };`,
		"prosody/rooms%2eexample%2eorg/config/tea.dat": `return { ["jid"] = "tea@rooms.example.org"; };`,
	} {
		w.write(file, text)
	}
	return w
}

func (w *office) write(file, text string) {
	w.Helper()
	path := filepath.Join(w.dir, file)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		w.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		w.Fatal(err)
	}
}

// certificate puts a pair for a domain where --certs finds it.
func (w *office) certificate(domain string) {
	w.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		w.Fatal(err)
	}
	of := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{domain}, NotAfter: time.Now().Add(90 * 24 * time.Hour)}
	cert, err := x509.CreateCertificate(rand.Reader, of, of, &key.PublicKey, key)
	if err != nil {
		w.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		w.Fatal(err)
	}
	w.write(filepath.Join("certs", domain+".crt"), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})))
	w.write(filepath.Join("certs", domain+".key"), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
}

// do runs a command as the document has it.
func (w *office) do(line string, want *regexp.Regexp) {
	w.Helper()
	if strings.HasPrefix(line, "rollcall up ") {
		w.up(line)
		w.second(line)
		return
	}
	here := strings.NewReplacer("/var/lib/prosody", "prosody").Replace(line)
	cmd := exec.CommandContext(w.Context(), "sh", "-c", here)
	cmd.Dir, cmd.Env, cmd.Stdin = w.dir, w.admin, strings.NewReader("a good password\n")
	said, err := cmd.CombinedOutput()
	if err != nil || !want.Match(said) {
		w.Errorf("%s: %v\n%swant %s", line, err, said, want)
	}
	switch line {
	case "rollcall user list": // then people come
		w.login("alice", "phone")
	case "rollcall web":
		w.enter(string(said))
	}
}

// up starts the connector of the document.
func (w *office) up(line string) {
	w.Helper()
	p, err := launch(append(os.Environ(), "ROLLCALL_HTTP="+w.http), w.dir, strings.Fields(line)[1:]...)
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() {
		p.cmd.Process.Kill()
		<-p.ended
	})
	if !p.says(&p.out, serving) {
		w.Fatalf("it does not serve:\n%s%s", p.out.String(), p.err.String())
	}
	w.c2s = xmppAddress.FindStringSubmatch(p.out.String())[1]
}

// second starts the connector of the other machine.
func (w *office) second(line string) {
	w.Helper()
	p, err := launch(append(os.Environ(), "ROLLCALL_HTTP="), w.dir, append(strings.Fields(line)[1:], "--name", "xmpp2", "--data", "xmpp2", "--roles", "connector")...)
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() {
		p.cmd.Process.Kill()
		<-p.ended
	})
	if !p.says(&p.out, serving) {
		w.Fatalf("the other one does not serve:\n%s%s", p.out.String(), p.err.String())
	}
}

// enter opens the link that the verb has printed, with a browser that is sent on when it is in.
func (w *office) enter(said string) {
	w.Helper()
	link := regexp.MustCompile(`http://[^/]+/login\?code=\S+`).FindString(said)
	client := http.Client{Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.PostForm("http://"+w.http+"/login", url.Values{"shown": {link}})
	if err != nil {
		w.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusSeeOther || !strings.HasPrefix(answer.Header.Get("Set-Cookie"), "rollcall_session=rct_") {
		w.Errorf("%q leads to %s %s", link, answer.Status, answer.Header)
	}
}

// login lets a client come, with the password of the other server.
func (w *office) login(user, resource string) {
	w.Helper()
	var c *client
	eventually(w.T, user+" logs in", func() bool {
		var err error
		if c, err = dialXMPP(w.c2s, "example.org", user, user, resource); err != nil && !isTemporary(err) {
			w.Fatal(err)
		}
		return err == nil
	})
	w.Cleanup(c.close)
	if _, err := c.ask("<presence/>", "presence"); err != nil {
		w.Fatal(err)
	}
}
