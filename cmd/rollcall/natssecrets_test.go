package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rollcall-xmpp/rollcall/bus"
)

// As with the key of a data directory; but a group may be given the secrets of its service.
func TestASecretThatOthersCanReadIsRefused(t *testing.T) {
	home := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", home)
	file := filepath.Join(home, "secret")
	cert := write(t, filepath.Join(home, "cert"), "x", 0o644)
	write(t, filepath.Join(home, "nats", "context", "prod.json"), fmt.Sprintf(`{"nkey":%q}`, file), 0o600)
	for mode, refused := range map[os.FileMode]bool{0o600: false, 0o400: false, 0o440: false, 0o640: false, 0o644: true, 0o604: true, 0o620: true, 0o602: true} {
		write(t, file, "x", 0o600)
		write(t, file, "x", mode)
		for flag, args := range map[string][]string{
			"--nkey": {"--nkey", file}, "--creds": {"--creds", file}, "--nats-key": {"--nats-cert", cert, "--nats-key", file}, "--nats-context": {"--nats-context", "prod"},
		} {
			_, err := accessOf(t, args...)
			want := fmt.Sprintf("others can use %s (mode %04o): chmod 600 it, or have a new one made if they may have read it (change %s)", file, mode, flag)
			if refused && (err == nil || err.Error() != want) || !refused && err != nil {
				t.Errorf("%s of mode %s: %v", flag, mode, err)
			}
		}
	}
	if cfg, err := accessOf(t, "--nkey", filepath.Join(home, "absent")); err != nil || cfg.Credentials.Seed == "" {
		t.Errorf("one that is not there is told of where it is used: %v", err)
	}
}

// Whoever has servers of his own is not asked for the one in rollcall up.
func TestTheHintNamesTheServerThatMayBeDown(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		defaultNATS: "rollcall up", "127.0.0.1:5000": "rollcall up", "nats://localhost:4222": "rollcall up", "nats://[::1]:4222": "rollcall up",
		"tls://127.0.0.1:1": "the NATS server", "nats://nats1.example.org:4222": "the NATS server", "tls://n1:4222,tls://n2:4222": "the NATS server",
		"nats://127.0.0.1:1,nats://127.0.0.1:2": "the NATS server",
	} {
		if got := lostHint(bus.Config{URL: url}); got != "is "+want+" running? otherwise change --nats" && got != "is "+want+" there running? otherwise change --nats" {
			t.Errorf("%s: %s", url, got)
		}
	}
	if said, err := command(t, "sessions", "--nats", "tls://127.0.0.1:1"); err == nil || !strings.Contains(said, "(is the NATS server there running? otherwise change --nats)") {
		t.Errorf("%s, %v", said, err)
	}
}
