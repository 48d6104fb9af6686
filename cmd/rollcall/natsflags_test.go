package main

import (
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/nearby"
)

// existing is how the verbs connect to a running service.
func existing(t *testing.T, url string) bus.Config {
	t.Helper()
	at := natsAccess{url: url}
	cfg, err := at.config()
	if err != nil {
		t.Fatal(err)
	}
	cfg.Existing = true
	return cfg
}

// loginOptions are those with which the client of NATS gets in as the verbs do.
func loginOptions(url string) ([]nats.Option, error) {
	s, err := nearby.Find(url)
	if errors.Is(err, nearby.ErrNone) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	seed, err := nats.NkeyOptionFromSeed(s.Key)
	return []nats.Option{seed}, err
}

func login(t *testing.T, url string) []nats.Option {
	t.Helper()
	opts, err := loginOptions(url)
	if err != nil {
		t.Fatal(err)
	}
	return opts
}

// accessOf is what flags of a verb come to.
func accessOf(t *testing.T, args ...string) (bus.Config, error) {
	t.Helper()
	var s service
	cmd := &cobra.Command{Use: "x"}
	s.flags(cmd)
	if err := cmd.ParseFlags(args); err != nil {
		t.Fatal(err)
	}
	if err := s.validate(); err != nil {
		return bus.Config{}, err
	}
	return s.config()
}

// write writes a file of a mode, and returns its path.
func write(t *testing.T, path, text string, mode os.FileMode) string {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), mode), os.Chmod(path, mode)); err != nil {
		t.Fatal(err)
	}
	return path
}

// The environment is the process's, so these tests run one after the other.

func TestAPasswordComesFromAFileOrTheEnvironment(t *testing.T) {
	dir := t.TempDir()
	ours := write(t, filepath.Join(dir, "ours"), "secret\n", 0o600)
	shown := write(t, filepath.Join(dir, "shown"), "secret\n", 0o640)
	cfg, err := accessOf(t, "--nats-user", "bob", "--nats-passfile", ours)
	if err != nil || cfg.Credentials.User != "bob" || cfg.Credentials.Password != "secret" {
		t.Errorf("of a file: %+v, %v", cfg.Credentials, err)
	}
	if _, err := accessOf(t, "--nats-user", "bob", "--nats-passfile", shown); err == nil || !strings.HasSuffix(err.Error(), "chmod 600 it (change --nats-passfile)") {
		t.Errorf("of a file that others can read: %v", err)
	}
	t.Setenv("ROLLCALL_NATS_USER", "alice")
	t.Setenv("ROLLCALL_NATS_PASSWORD", "other")
	cfg, err = accessOf(t)
	if err != nil || cfg.Credentials.User != "alice" || cfg.Credentials.Password != "other" {
		t.Errorf("of the environment: %+v, %v", cfg.Credentials, err)
	}
	t.Setenv("ROLLCALL_NATS", "nats://bob:secret@127.0.0.1:1")
	if cfg, err = accessOf(t); err != nil || cfg.URL != "nats://bob:secret@127.0.0.1:1" {
		t.Errorf("in a URL of the environment: %+v, %v", cfg, err)
	}
	if _, err := accessOf(t, "--nats", "nats://bob:secret@127.0.0.1:1"); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("in a URL on the command line: %v", err)
	}
}

func TestAContextOfTheProgramNATSIsAllThatIsNeeded(t *testing.T) {
	home := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", home)
	t.Setenv("HOME", "/home/bob")
	context := func(name, text string) { write(t, filepath.Join(home, "nats", "context", name+".json"), text, 0o600) }
	context("prod", `{"description":"","url":"tls://n1:4222,tls://n2:4222","token":"","user":"","password":"","creds":"~/bob.creds","nkey":"","cert":"$HOME/c.pem","key":"/k.pem","ca":"/ca.pem","tls_first":true,"color_scheme":"","inbox_prefix":"_INBOX.bob"}`)
	context("user", `{"url":"nats://n1:4222","user":"bob","password":"secret","creds":"/x.creds"}`)
	context("nkey", `{"nkey":"/x.nk"}`)
	context("token", `{"token":"secret"}`)
	for name, want := range map[string]bus.Config{
		"prod": {URL: "tls://n1:4222,tls://n2:4222", Inbox: "_INBOX.bob", Credentials: bus.Credentials{
			File: "/home/bob/bob.creds", Cert: "/home/bob/c.pem", Key: "/k.pem", CA: "/ca.pem", TLSFirst: true}},
		"user":  {URL: "nats://n1:4222", Credentials: bus.Credentials{User: "bob", Password: "secret"}},
		"nkey":  {URL: defaultNATS, Credentials: bus.Credentials{Seed: "/x.nk"}},
		"token": {URL: defaultNATS, Credentials: bus.Credentials{Token: "secret"}},
	} {
		if cfg, err := accessOf(t, "--nats-context", name); err != nil || cfg.URL != want.URL || cfg.Inbox != want.Inbox || cfg.Credentials != want.Credentials {
			t.Errorf("%s: %+v, %v", name, cfg, err)
		}
	}
	cfg, err := accessOf(t, "--nats-context", "prod", "--nats", "nats://n3:4222", "--nkey", "/y.nk")
	if err != nil || cfg.URL != "nats://n3:4222" || cfg.Credentials.Seed != "/y.nk" || cfg.Credentials.File != "" || cfg.Credentials.CA != "/ca.pem" {
		t.Errorf("flags come first: %+v, %v", cfg, err)
	}
	context("far", `{"url":"nats://n1:4222","jetstream_domain":"hub"}`)
	context("broken", `{`)
	for name, want := range map[string]string{
		"far":    "has jetstream_domain, which rollcall can't use (change --nats-context)",
		"broken": "broken.json: unexpected end of JSON input (change --nats-context)",
		"absent": `there is no context "absent" in ` + home + "/nats/context (change --nats-context)",
		"../x":   `"../x" is no name of a context (change --nats-context)`,
	} {
		if _, err := accessOf(t, "--nats-context", name); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEachFailureToConnectNamesWhatMendsIt(t *testing.T) {
	t.Parallel()
	const lost = "is rollcall up running?"
	for name, test := range map[string]struct {
		access natsAccess
		err    error
		want   string
	}{
		"nothing to show":   {natsAccess{}, bus.ErrNoCredentials, "--nkey DATA/nats.nk, --creds, --nats-user or --nats-context"},
		"refused":           {natsAccess{creds: "x"}, bus.ErrRefused, "change --creds"},
		"expired":           {natsAccess{creds: "x"}, bus.ErrExpired, "change --creds"},
		"no such file":      {natsAccess{nkey: "x"}, bus.ErrCredentials, "change --nkey"},
		"a wrong password":  {natsAccess{user: "bob"}, bus.ErrRefused, "change --nats-user or its password"},
		"a wrong context":   {natsAccess{context: "x"}, bus.ErrRefused, "change --nats-context"},
		"a wrong URL":       {natsAccess{}, bus.ErrRefused, "change --nats"},
		"another's address": {natsAccess{discovered: "/run/x"}, bus.ErrRefused, "or remove /run/x"},
		"an authority":      {natsAccess{}, bus.ErrUntrusted, "name its authority with --nats-ca"},
		"a name":            {natsAccess{}, fmt.Errorf("%w: %w", bus.ErrUntrusted, x509.HostnameError{Certificate: new(x509.Certificate), Host: "x"}), "change --nats to a name that is in it"},
		"no certificate":    {natsAccess{}, bus.ErrWantsCertificate, "change --nats-cert and --nats-key"},
		"no TLS":            {natsAccess{}, bus.ErrNoTLS, "change --nats: nats:// in place of tls://, without --nats-ca and --nats-cert"},
		"nobody there":      {natsAccess{}, bus.ErrUnreachable, lost},
	} {
		err := test.access.explain(t.Context(), fmt.Errorf("%w at nats://x", test.err), lost)
		if !errors.Is(err, test.err) || !strings.HasSuffix(err.Error(), test.want+")") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
