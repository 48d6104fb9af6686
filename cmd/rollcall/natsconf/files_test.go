package natsconf_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/natsconf"
)

// written are the files of a directory.
func written(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	files := map[string]string{}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		must(t, err)
		files[e.Name()] = string(text)
	}
	return files
}

func cluster(t *testing.T) *natsconf.Config {
	t.Helper()
	cfg, err := natsconf.New([]string{"nats1.example.org", "nats2.example.org", "nats3.example.org:5222"})
	must(t, err)
	return cfg
}

func TestSecretsAreForTheirOwnerAloneAndInNoConfiguration(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "made")
	kept, err := cluster(t).Write(dir)
	must(t, err)
	if kept != 0 {
		t.Errorf("%d keys were there", kept)
	}
	files := written(t, dir)
	secrets := 0
	for name, text := range files {
		info, err := os.Stat(filepath.Join(dir, name))
		must(t, err)
		isSecret := strings.HasSuffix(name, ".nk") || strings.HasSuffix(name, ".key") || strings.HasSuffix(name, ".password")
		if mode := info.Mode().Perm(); isSecret && mode != 0o600 || !isSecret && mode != 0o644 {
			t.Errorf("%s has mode %s", name, mode)
		}
		if !isSecret {
			continue
		}
		secrets++
		for other, conf := range files {
			if other != name && strings.Contains(conf, strings.TrimSpace(text)) {
				t.Errorf("%s is in %s", name, other)
			}
		}
	}
	if secrets != 7+1+1+3 { // keys of users, the password, the authority's key, and the servers'
		t.Errorf("there are %d secrets of %d files", secrets, len(files))
	}
}

// Three servers on one machine, for whoever tries it, don't meet in a directory or at a port.
func TestServersOnOneMachineHaveAllOfTheirOwn(t *testing.T) {
	t.Parallel()
	own := regexp.MustCompile(`(?m)^ *(?:listen|http|store_dir|server_name): "?([^"\n]+)"?$`)
	for _, tt := range []struct {
		hosts  []string
		ports  []int
		shared bool // the store has the same name, on machines of their own
	}{
		{[]string{"127.0.0.1", "127.0.0.1", "127.0.0.1"}, []int{4222, 4223, 4224}, false},
		{[]string{"127.0.0.1", "localhost", "::1"}, []int{4222, 4223, 4224}, false},
		{[]string{"a.example", "a.example:4222", "a.example"}, []int{4223, 4222, 4224}, false},
		{[]string{"a.example:6222", "a.example", "a.example"}, []int{6222, 4223, 4224}, false},
		{[]string{"a.example", "b.example", "c.example"}, []int{4222, 4222, 4222}, true},
	} {
		cfg, err := natsconf.New(tt.hosts)
		must(t, err)
		dir := t.TempDir()
		_, err = cfg.Write(dir)
		must(t, err)
		seen := map[string]int{}
		for i, n := range cfg.Nodes {
			if n.Port != tt.ports[i] {
				t.Errorf("%q: the port of %s is %d, want %d", tt.hosts, n.Name, n.Port, tt.ports[i])
			}
			text, err := os.ReadFile(filepath.Join(dir, n.File()))
			must(t, err)
			all := own.FindAllStringSubmatch(string(text), -1)
			if len(all) != 5 {
				t.Fatalf("%s has %q", n.File(), all)
			}
			for _, m := range all {
				seen[m[1]]++
			}
		}
		for text, n := range seen {
			if n > 1 && !tt.shared && text != "/var/lib/nats" {
				t.Errorf("%q: %d files have %s", tt.hosts, n, text)
			}
		}
		if n := seen["/var/lib/nats"]; tt.shared && n != 3 {
			t.Errorf("%q: %d files have the directory as it was given", tt.hosts, n)
		}
	}
	if _, err := natsconf.New([]string{"127.0.0.1:4222", "127.0.0.1:6222", "127.0.0.1:5222"}); !errors.Is(err, natsconf.ErrHosts) {
		t.Errorf("the port for clients of one is that for servers of another: %v", err)
	}
}

func TestKeysAreKeptWhenAConfigurationIsMadeAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, err := cluster(t).Write(dir)
	must(t, err)
	before := written(t, dir)
	must(t, os.Remove(filepath.Join(dir, "auditor.nk")))
	cfg := cluster(t)
	cfg.Fsync = "always"
	kept, err := cfg.Write(dir)
	must(t, err)
	after := written(t, dir)
	if kept != 7 || len(after) != len(before) {
		t.Errorf("%d were kept of %d files", kept, len(after))
	}
	for name := range before {
		isKept := name == "ca.pem" || name == "ca.key" || name == "feed.password" || strings.HasSuffix(name, ".nk") && name != "auditor.nk"
		if same := before[name] == after[name]; same != isKept {
			t.Errorf("%s is the same: %t", name, same)
		}
	}
}

func TestAnAuthorityWithoutItsKeyIsNotReplaced(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, err := cluster(t).Write(dir)
	must(t, err)
	must(t, os.Remove(filepath.Join(dir, "ca.key")))
	if _, err := cluster(t).Write(dir); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "ca.key") {
		t.Errorf("%v", err)
	}
}

func TestWhatIsPrintedNamesEachServerAndHasNoKey(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	must(t, cluster(t).Print(&out))
	for _, want := range []string{
		`listen: "0.0.0.0:4222"`, `client_advertise: "nats3.example.org:5222"`, `"nats-route://nats3.example.org:7222"`,
		`cert_file: "/etc/nats/nats2.pem"`, `max_file_store: 24GiB`, `sync_interval: 1s`, `<made with admin.nk>`,
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s is missing in:\n%s", want, out.String())
		}
	}
}

func TestServersThatCanNotBeAreRefused(t *testing.T) {
	t.Parallel()
	for _, hosts := range [][]string{nil, {"a", "b"}, {"a", "b", "a"}, {"a:0"}, {"a:x"}, {":4222"}, {"a:65000"}} {
		if cfg, err := natsconf.New(hosts); !errors.Is(err, natsconf.ErrHosts) {
			t.Errorf("%q: %+v, %v", hosts, cfg, err)
		}
	}
}
