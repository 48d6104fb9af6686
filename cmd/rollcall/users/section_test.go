package users

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/settings"
	"github.com/rollcall-xmpp/rollcall/session/auth"
)

// read reads a file's text; /etc/rollcall stands for a directory with the files that it
// may name.
func read(t *testing.T, text string) (*Sources, error) {
	t.Helper()
	dir := files(t)
	path := filepath.Join(dir, "rollcall.toml")
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(text, "/etc/rollcall", dir)), 0o644); err != nil {
		t.Fatal(err)
	}
	var s Sources
	_, err := settings.Load(settings.Request{
		Flags: pflag.NewFlagSet("up", pflag.ContinueOnError), Sections: []settings.Section{s.Section()},
		Getenv: func(string) string { return "" }, Path: path,
	})
	return &s, err
}

func files(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"ldap-password": "searching\n", "http-secret": "shared\n", "hs256": strings.Repeat("secret", 6), "open": "shared\n",
		"empty": "\n", "two-lines": "a\nb\n", "ldap-ca.pem": certificate(t), "clients-ca.pem": certificate(t),
	} {
		mode := os.FileMode(0o600)
		if name == "open" {
			mode = 0o640
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func certificate(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// The page about this has an example of each kind, which can be used as it is.
func TestTheExamplesOfTheDocumentationAreGood(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../../docs/userdatabases.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for _, m := range regexp.MustCompile("(?s)```toml\n(.*?)```").FindAllStringSubmatch(string(page), -1) {
		s, err := read(t, m[1])
		if err != nil {
			t.Errorf("%v in\n%s", err, m[1])
			continue
		}
		domains, err := s.Open(slog.New(slog.DiscardHandler))
		if err != nil || len(domains) != 1 {
			t.Errorf("%d domains, %v, in\n%s", len(domains), err, m[1])
		}
		for name, d := range domains {
			seen[s.Kinds()[name]]++
			if d.Certificates != nil {
				seen["certificates"]++
			}
			if tokens, _ := d.Passwords.(auth.TokenVerifier); (tokens != nil) != (s.Kinds()[name] == "jwt") {
				t.Errorf("OAUTHBEARER is offered: %t, in\n%s", tokens != nil, m[1])
			}
		}
	}
	if want := fmt.Sprint(map[string]int{"ldap": 2, "jwt": 1, "http": 1, "": 1, "certificates": 1, "guests": 1}); fmt.Sprint(seen) != want {
		t.Errorf("there are examples of %v, not of %s", seen, want)
	}
}

func TestFaultsAreToldAtTheirLine(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"from = \"lpad\"": `:2: from: "lpad" is none of own, ldap, jwt, http, guests`,
		"from = \"ldap\"": `:1: ldap.url: "" is not`,
		"from = \"ldap\"\nldap.url = \"ldap://x\"\nldap.dn = \"u={user}\"": ":3: ldap.url: passwords would cross the network in the clear",
		"from = \"ldap\"\nldap.url = \"ldaps://x\"\nldap.dn = \"x\"":       ":1: from ldap: {user} is not in dn or filter",
		"from = \"http\"\nhttp.url = \"http://x\"":                         ":3: http.url: passwords would cross",
		"from = \"http\"\nhttp.url = \"https://x\"\nhttp.cache = \"2h\"":   ":4: http.cache: 2h0m0s is not from 0 to 1h0m0s",
		"from = \"http\"\nhttp.url = \"https://x\"\nldap.dn = \"x\"":       `:4: ldap.dn: it is for from = "ldap", and from is "http"`,
		"jwt.issuer = \"x\"": `:2: jwt.issuer: it is for from = "jwt", and from is "own"`,
		"from = \"jwt\"":     ":1: from jwt: give one of secret-file",
		"from = \"jwt\"\njwt.leeway = \"1h\"\njwt.secret-file = \"/etc/rollcall/hs256\"":            ":3: jwt.leeway: ",
		"from = \"jwt\"\njwt.secret-file = \"/etc/rollcall/open\"":                                  ":3: jwt.secret-file: others may read ",
		"from = \"jwt\"\njwt.key-file = \"/etc/rollcall/none\"":                                     ":3: jwt.key-file: open ",
		"from = \"http\"\nhttp.url = \"https://x\"\nhttp.secret-file = \"/etc/rollcall/open\"":      "/open: chmod 600 ",
		"from = \"http\"\nhttp.url = \"https://x\"\nhttp.secret-file = \"/etc/rollcall/empty\"":     "must have one line",
		"from = \"http\"\nhttp.url = \"https://x\"\nhttp.secret-file = \"/etc/rollcall/two-lines\"": ":4: http.secret-file: ",
		"from = \"http\"\nhttp.url = \"https://x\"\nhttp.ca = \"/etc/rollcall/empty\"":              "has no certificate in PEM",
		"from = \"guests\"\ncertificates.ca = \"/etc/rollcall/clients-ca.pem\"":                     ":3: certificates.ca: guests have no certificates",
		"certificates.ca = \"/etc/rollcall/none\"":                                                  ":2: certificates.ca: ",
		"certificates.names = [\"cn\"]":                                                             ":2: certificates.names: certificates need a ca",
		"certificates.ca = \"/etc/rollcall/clients-ca.pem\"\ncertificates.names = [\"dn\"]":         `:3: certificates.names: "dn" is none of`,
		"timeout = \"0s\"": ":2: timeout: ",
		"waiting = 0":      ":2: waiting: ",
		"ldap.uri = \"x\"": "there is no setting ldap.uri; did you mean ldap.url?",
	} {
		if _, err := read(t, "[users.\"example.org\"]\n"+text+"\n"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n%v, want %s", text, err, want)
		}
	}
	for text, want := range map[string]string{
		"[users.\"a b\"]":                      "is no domain",
		"[users.\"a.org\"]\n[users.\"A.org\"]": "there is another section for a.org",
	} {
		if _, err := read(t, text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n%v, want %s", text, err, want)
		}
	}
}

func TestASectionIsForADomainThatIsServed(t *testing.T) {
	t.Parallel()
	s, err := read(t, "[users.\"Example.org\"]\nfrom = \"guests\"\n")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.CheckServed([]string{"example.org"}); err != nil {
		t.Error(err)
	}
	if err := s.CheckServed([]string{"example.com"}); err == nil {
		t.Error("it is for no domain")
	}
	if err := new(Sources).CheckServed(nil); err != nil {
		t.Error(err)
	}
}
