package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rollcall-xmpp/rollcall/bus/bustest"
)

// The space that NATS servers lack for the streams is said with the setting that
// mends it.
func TestWhatNATSServersLackIsNamedWithItsFlag(t *testing.T) {
	t.Parallel()
	config := filepath.Join(t.TempDir(), "nats.conf")
	if err := os.WriteFile(config, []byte("jetstream { max_file_store: 20MiB }"), 0o600); err != nil {
		t.Fatal(err)
	}
	small, large, single := bustest.StartCluster(t, 3, "-c", config), bustest.StartCluster(t, 3), bustest.StartServer(t)
	for _, c := range []struct {
		of    string
		url   string
		flags []string
		want  string
	}{
		{"a cluster without room", small.URL, nil, `can't reserve 24 MiB.*\(change max_file_store of the NATS servers\)`},
		{"a log that is too large", small.URL, []string{"--log-max-bytes", "100MiB"}, `can't reserve 100 MiB.*\(change --log-max-bytes, or max_file_store`},
		{"replicas without a cluster", single.URL, []string{"--replicas", "3"}, `no cluster.*\(change --replicas\)`},
		{"more replicas than servers", large.URL, []string{"--replicas", "5"}, `too few servers.*\(change --replicas\)`},
	} {
		t.Run(c.of, func(t *testing.T) {
			t.Parallel()
			args := append([]string{"up", "--nats", c.url, "--data", t.TempDir(), "--c2s", "127.0.0.1:0", "--roles", "connector"}, c.flags...)
			said, err := exec.Command("rollcall", args...).CombinedOutput()
			if err == nil || !regexp.MustCompile(c.want).Match(said) {
				t.Errorf("%v: %s", err, said)
			}
		})
	}
}

// A log that got less than the default says so when it is made, and not later on.
func TestALogThatIsMadeSmallerSaysSo(t *testing.T) {
	t.Parallel()
	config := filepath.Join(t.TempDir(), "nats.conf")
	if err := os.WriteFile(config, []byte("jetstream { max_file_store: 200MiB }"), 0o600); err != nil {
		t.Fatal(err)
	}
	server := bustest.StartServer(t, "-c", config)
	create := func() (stdout, stderr string) {
		t.Helper()
		var out, said strings.Builder
		if code := run(t.Context(), []string{"log", "create", "--nats", server.URL}, nil, &out, &said); code != exitOK {
			t.Fatalf("code %d: %s", code, said.String())
		}
		return out.String(), said.String()
	}
	first, note := create()
	if !strings.HasPrefix(note, "note: the servers can't reserve 16 GiB, so the log is smaller; ") || !strings.Contains(first, "MiB") {
		t.Errorf("got %q and %q", first, note)
	}
	if again, note := create(); again != first || note != "" {
		t.Errorf("the second time got %q and %q", again, note)
	}
}
