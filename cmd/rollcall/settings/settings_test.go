package settings

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
)

// A command is one with a flag of each type.
type command struct {
	flags   *pflag.FlagSet
	c2s     string
	domains []string
	lease   time.Duration
	max     int
	demo    bool
	users   []*users
}

// A users is the section [users.DOMAIN] of a command.
type users struct {
	domain, from, url string
	bases             []string
}

func newCommand() *command {
	c := &command{flags: pflag.NewFlagSet("up", pflag.ContinueOnError)}
	c.flags.SortFlags = false
	c.flags.StringVar(&c.c2s, "c2s", "127.0.0.1:5222", "`ADDR` for XMPP")
	c.flags.StringSliceVar(&c.domains, "domain", []string{"localhost"}, "`DOMAIN` or domains")
	c.flags.DurationVar(&c.lease, "lease", 45*time.Second, "`TIME` of a lease")
	c.flags.IntVar(&c.max, "max-resources", 100, "`N` sessions")
	c.flags.BoolVar(&c.demo, "demo", false, "make accounts")
	c.flags.String("config", "", "`FILE`")
	return c
}

func (c *command) sections() []Section {
	return []Section{{
		Kind: "users", Name: "DOMAIN", Means: "where users come from",
		Define: func(domain string, f *pflag.FlagSet) {
			u := &users{domain: domain}
			c.users = append(c.users, u)
			f.StringVar(&u.from, "from", "own", "`KIND` of database")
			f.StringVar(&u.url, "ldap.url", "", "`URL` of it")
			f.StringSliceVar(&u.bases, "ldap.base", nil, "`DN` below which users are")
		},
		Check: func(domain string) error {
			if u := c.users[len(c.users)-1]; u.from == "ldap" && u.url == "" {
				return errors.Join(&KeyError{"from", errors.New("ldap needs a url")}, errors.New("and more"))
			}
			return nil
		},
	}}
}

// load writes a file, and loads it with an environment.
func (c *command) load(t *testing.T, text string, env map[string]string, args ...string) (*Origins, error) {
	t.Helper()
	if err := c.flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "rollcall.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	o, err := Load(Request{Flags: c.flags, Sections: c.sections(), Path: path, Getenv: func(name string) string { return env[name] }})
	return o, inFile(err, path)
}

// inFile leaves out where the file is.
func inFile(err error, path string) error {
	if err == nil {
		return nil
	}
	return errors.New(strings.ReplaceAll(err.Error(), path, "file"))
}

func TestAValueComesFromTheFlagThenTheEnvironmentThenTheFile(t *testing.T) {
	t.Parallel()
	c := newCommand()
	o, err := c.load(t, `
c2s = "file"
lease = "10s"
max-resources = 7
`, map[string]string{"ROLLCALL_C2S": "env", "ROLLCALL_LEASE": "20s"}, "--c2s=flag")
	if err != nil {
		t.Fatal(err)
	}
	if c.c2s != "flag" || c.lease != 20*time.Second || c.max != 7 || !slices.Equal(c.domains, []string{"localhost"}) {
		t.Errorf("got %q, %s, %d, %q", c.c2s, c.lease, c.max, c.domains)
	}
	for flag, want := range map[string]string{"c2s": "flag", "lease": "ROLLCALL_LEASE", "max-resources": "rollcall.toml:4", "domain": "default"} {
		if got := filepath.Base(o.Of(flag)); got != want {
			t.Errorf("%s comes from %s, want %s", flag, got, want)
		}
	}
	if !o.Outranks("c2s", "lease") || !o.Outranks("lease", "max-resources") || !o.Outranks("max-resources", "domain") || o.Outranks("c2s", "c2s") {
		t.Error("the sources have another order")
	}
	for flag, want := range map[string]bool{"c2s": true, "lease": true, "max-resources": true, "domain": false} {
		if got := c.flags.Changed(flag); got != want {
			t.Errorf("%s counts as given: %v", flag, got)
		}
	}
}

func TestAVariableThatIsSetToNothingIsNotSet(t *testing.T) {
	t.Parallel()
	c := newCommand()
	if _, err := c.load(t, `c2s = ""`, map[string]string{"ROLLCALL_C2S": ""}); err != nil || c.c2s != "" {
		t.Errorf("c2s is %q (%v)", c.c2s, err)
	}
	c = newCommand()
	if _, err := c.load(t, "", map[string]string{"ROLLCALL_C2S": ""}); err != nil || c.c2s != "127.0.0.1:5222" {
		t.Errorf("c2s is %q (%v)", c.c2s, err)
	}
}

func TestListsAreArraysInTheFileAndLinesInTheEnvironment(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text, env string
		want      []string
	}{
		{`domain = ["a", "b"]`, "", []string{"a", "b"}},
		{`domain = ["a,b", 'c "d"']`, "", []string{"a,b", `c "d"`}},
		{`domain = "a,b"`, "", []string{"a,b"}},
		{`domain = []`, "", []string{}},
		{`domain = ["a"]`, "c,d", []string{"c", "d"}},
	} {
		c := newCommand()
		if _, err := c.load(t, tt.text, map[string]string{"ROLLCALL_DOMAIN": tt.env}); err != nil || !slices.Equal(c.domains, tt.want) {
			t.Errorf("%s and %q: got %q (%v)", tt.text, tt.env, c.domains, err)
		}
	}
}

func TestEachFaultHasItsLineAndAllAreTold(t *testing.T) {
	t.Parallel()
	_, err := newCommand().load(t, `
c2 = "x"
lease = 45
max-resources = "7"
demo = "yes"
domain = [1]
config = "other"
"c2s" = 5222
note = """
c2s = "not here"
"""
[users]
from = "own"
[users."a.example"]
form = "ldap"
[users."a.example".ldap]
ulr = "x"
[users."b.example"]
from = "ldap"
[user."c.example"]
from = "own"
`, map[string]string{"ROLLCALL_LEASE": "soon"})
	want := `ROLLCALL_LEASE: "soon" is no time: try 45s or 2m
file:2: there is no setting c2; did you mean c2s?
file:3: lease is a time, in quotes: "45s" or "2m"
file:4: max-resources is a whole number, without quotes
file:5: demo is true or false, without quotes
file:6: domain is text or a list of it: ["one", "two"]
file:7: there is no setting config
file:8: c2s is text: write it in quotes
file:11: there is no setting note
file:13: from stands in [users], which needs a name: [users.NAME]
file:15: there is no setting form; did you mean from?
file:17: there is no setting ldap.ulr; did you mean ldap.url?
file:18: and more
file:19: from: ldap needs a url
file:20: there is no section user; did you mean users?`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

func TestWhatIsNoTOMLIsToldWithItsLine(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"\nc2s = 16GiB":            "file:2: ",
		"c2s = 'a'\nc2s = 'b'":     "file:2: ",
		"[[users]]\nfrom = 'own'":  "file:1: ",
		"[users.x]\n[users.x]\n\n": "file:2: ",
	} {
		if _, err := newCommand().load(t, text, nil); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestAFileThatIsNotThereIsNamed(t *testing.T) {
	t.Parallel()
	_, err := Load(Request{Flags: newCommand().flags, Path: "nowhere.toml", Getenv: func(string) string { return "" }})
	if err == nil || err.Error() != "nowhere.toml: no such file or directory" {
		t.Error(err)
	}
}

func TestSectionsComeInTheOrderOfTheFile(t *testing.T) {
	t.Parallel()
	c := newCommand()
	_, err := c.load(t, `
[users."z.example"]
from = "ldap"
ldap = { url = "ldaps://z", base = ["dc=z"] }
[users."a.example"]
from = "jwt"
[users."b.example".ldap]
url = "ldaps://b"
`, nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, u := range c.users {
		got = append(got, strings.Join(append([]string{u.domain, u.from, u.url}, u.bases...), " "))
	}
	if want := []string{"z.example ldap ldaps://z dc=z", "a.example jwt ", "b.example own ldaps://b"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
