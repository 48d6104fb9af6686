package main

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/events"
)

// laden is a service with documents that take some time to copy.
func laden(t *testing.T) *process {
	t.Helper()
	p := connectorProcess(t, t.TempDir(), "c1", "--nats-listen", "127.0.0.1:0", "--demo")
	b, err := bus.Connect(t.Context(), existing(t, p.nats()))
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	noise := make([]byte, 400<<10)
	rand.NewChaCha8([32]byte{}).Read(noise)
	for i := range 150 {
		if _, err := b.Private().Put(t.Context(), events.StoredJID(fmt.Sprintf("u%d@localhost", i)), noise, 0); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// killedAt starts a command and kills it as soon as a path is there.
func killedAt(t *testing.T, path string, args ...string) {
	t.Helper()
	p, err := launch(os.Environ(), t.TempDir(), args...)
	if err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); ; <-tick.C {
		if _, err := os.Stat(path); err == nil {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("%s was never there: %s", path, p.err.String())
		}
	}
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-p.ended
	if p.cmd.ProcessState.ExitCode() == 0 {
		t.Fatal("it was done before it was killed")
	}
}

func command(t *testing.T, args ...string) (said string, err error) {
	t.Helper()
	out, err := exec.Command("rollcall", args...).CombinedOutput()
	return string(out), err
}

// Whenever a backup or a restore is killed, what it leaves passes for nothing else, and
// the same command makes it whole.
func TestABackupAndARestoreThatAreKilledAreDoneAgain(t *testing.T) {
	t.Parallel()
	p := laden(t)
	dir, data := filepath.Join(t.TempDir(), "backup"), filepath.Join(t.TempDir(), "data")
	for _, file := range []string{"", "RC_EV", "KV_RC_PRIVATE"} {
		killedAt(t, filepath.Join(dir+".partial", file), "backup", dir, "--nats", p.nats())
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("killed at %q: %v", file, err)
		}
		if said, err := command(t, "restore", dir+".partial", "--data", data); err == nil || !strings.Contains(said, "not a complete backup") {
			t.Errorf("restore what is left: %v: %s", err, said)
		}
	}
	if said, err := command(t, "backup", dir, "--nats", p.nats()); err != nil {
		t.Fatal(said)
	}
	p.kill()
	for _, stream := range []string{"", "RC_EV", "KV_RC_PRIVATE"} {
		killedAt(t, filepath.Join(data, restoringName, "nats", "jetstream", "$G", "streams", stream), "restore", dir, "--data", data)
		if said, err := command(t, "up", "--data", data, "--c2s", "127.0.0.1:0", "--ws", "", "--http", "", "--nats-listen", "127.0.0.1:0"); err == nil || !strings.Contains(said, "is not complete") {
			t.Errorf("start on what is left: %v: %s", err, said)
		}
	}
	if said, err := command(t, "restore", dir, "--data", data); err != nil {
		t.Fatal(said)
	}
	c, err := dialXMPP(connectorProcess(t, t.TempDir(), "c1", "--nats-listen", "127.0.0.1:0", "--data", data).xmpp(), "localhost", "alice", "alice", "one")
	if err != nil {
		t.Fatal(err)
	}
	c.close()
}
