package natsconf_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
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
