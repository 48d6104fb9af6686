package natsd

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/nats-io/nats.go"
)

// copyDir is what an operator does: cp -a.
func copyDir(t *testing.T, from string) (to string) {
	t.Helper()
	to = filepath.Join(t.TempDir(), "copy")
	// A file that goes while it copies is an error of cp, and stops nobody.
	exec.Command("cp", "-a", from, to).Run()
	return to
}

func TestACopyOfARunningServersDirectoryIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := start(t, Options{DataDir: dir})
	nc, err := nats.Connect("", nats.InProcessServer(s), s.Login())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := nc.JetStream()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.AddStream(&nats.StreamConfig{Name: "S", Subjects: []string{"s.*"}, MaxMsgsPerSubject: 1}); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	var writer sync.WaitGroup
	writer.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-done:
				return
			default:
				js.Publish(fmt.Sprintf("s.%d", i%1000), make([]byte, 1000))
			}
		}
	})
	hot := copyDir(t, dir)
	close(done)
	writer.Wait()
	s.Shutdown()
	for range 2 { // it stays what it is
		_, err = Start(t.Context(), Options{DataDir: hot})
		if !errors.Is(err, ErrCopied) || !strings.Contains(err.Error(), filepath.Join(hot, "lock")) || strings.Contains(err.Error(), "\n") {
			t.Fatalf("a copy of a server that runs: %v", err)
		}
	}
	start(t, Options{DataDir: copyDir(t, dir)}) // of one that has ended
	if err := os.Remove(filepath.Join(hot, "lock")); err != nil {
		t.Fatal(err)
	}
	start(t, Options{DataDir: hot}) // its owner takes it for whole
}

// A server that was killed starts again where it was, wherever that has been moved to.
func TestADirectoryThatIsMovedIsNoCopy(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	s := start(t, Options{DataDir: dir})
	was, err := os.ReadFile(filepath.Join(dir, "lock"))
	if err != nil {
		t.Fatal(err)
	}
	s.Shutdown()
	if err := os.WriteFile(filepath.Join(dir, "lock"), was, 0o600); err != nil { // as a kill leaves it
		t.Fatal(err)
	}
	moved := dir + ".moved"
	if err := os.Rename(dir, moved); err != nil {
		t.Fatal(err)
	}
	start(t, Options{DataDir: moved})
}

func TestStreamsAreInstalledWhereThereAreNone(t *testing.T) {
	t.Parallel()
	aside, dir := t.TempDir(), t.TempDir()
	s := start(t, Options{DataDir: aside})
	nc, err := nats.Connect("", nats.InProcessServer(s), s.Login())
	if err != nil {
		t.Fatal(err)
	}
	js, _ := nc.JetStream()
	if _, err := js.AddStream(&nats.StreamConfig{Name: "S", Subjects: []string{"s"}}); err != nil {
		t.Fatal(err)
	}
	nc.Close()
	s.Shutdown()
	if err := os.MkdirAll(filepath.Join(dir, storeName, "jetstream", "$G", "streams"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := Install(aside, dir); err != nil {
		t.Fatal(err)
	}
	if names, err := Streams(dir); err != nil || len(names) != 1 || names[0] != "S" {
		t.Errorf("streams %q, %v", names, err)
	}
	s = start(t, Options{DataDir: dir})
	if err := Install(aside, dir); !errors.Is(err, ErrLocked) {
		t.Errorf("where a server runs: %v", err)
	}
	s.Shutdown()
	start(t, Options{DataDir: aside}).Shutdown()
	if err := Install(aside, dir); !errors.Is(err, ErrUnwritable) {
		t.Errorf("where there are some: %v", err)
	}
	if names, _ := Streams(dir); len(names) != 1 {
		t.Errorf("then there are %q", names)
	}
}
