package main

import (
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay/export"
)

// longRunning is a service with a log of four days.
func longRunning(t *testing.T) *process {
	t.Helper()
	dir := t.TempDir()
	said, err := command(t, "bench", "log", "--data", filepath.Join(dir, "c1"), "--name", "c1",
		"--events", "10000", "--accounts", "1000", "--live", "50", "--span", "4d")
	if err != nil {
		t.Fatal(said)
	}
	return connectorProcess(t, dir, "c1", "--nats-listen", "127.0.0.1:0")
}

// filesOf are all files below a directory.
func filesOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		all[strings.TrimPrefix(path, dir)] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// Whenever an export is killed, the same command makes of the files that it leaves
// those that an undisturbed one makes, byte for byte. ROLLCALL_KILLS says how often
// that is tried.
func TestAnExportThatIsKilledGoesOn(t *testing.T) {
	t.Parallel()
	p, dir := longRunning(t), t.TempDir()
	kills := 10
	if n, err := strconv.Atoi(os.Getenv("ROLLCALL_KILLS")); err == nil {
		kills = n
	}
	until := time.Now().UTC().Truncate(time.Hour).Add(-time.Hour).Format(time.RFC3339)
	args := func(name string) []string {
		return []string{
			"export", filepath.Join(dir, name), "--nats", p.nats(), "--key", filepath.Join(dir, "key"),
			"--until", until,
		}
	}
	begun := time.Now()
	if said, err := command(t, args("undisturbed")...); err != nil {
		t.Fatal(said)
	}
	took := time.Since(begun)
	want := filesOf(t, filepath.Join(dir, "undisturbed"))
	if len(want) < 300 {
		t.Fatalf("only %d files", len(want))
	}
	interrupted := 0
	for i := range kills {
		name := strconv.Itoa(i)
		if killedAfter(t, rand.N(took), args(name)...) {
			interrupted++
		}
		if said, err := command(t, args(name)...); err != nil {
			t.Fatal(said)
		}
		got := filesOf(t, filepath.Join(dir, name))
		for file := range want {
			if got[file] != want[file] {
				t.Errorf("kill %d: %s is another, or missing", i, file)
			}
		}
		if len(got) != len(want) {
			t.Errorf("kill %d: there are %d files, want %d", i, len(got), len(want))
		}
		os.RemoveAll(filepath.Join(dir, name))
	}
	if t.Logf("%d of %d were killed before their end", interrupted, kills); interrupted == 0 {
		t.Error("none was killed before its end")
	}
}

// killedAfter starts a command, and kills it after some time; it reports false if that was
// too late.
func killedAfter(t *testing.T, d time.Duration, args ...string) bool {
	t.Helper()
	p, err := launch(os.Environ(), t.TempDir(), args...)
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-p.ended:
	case <-time.After(d):
		p.cmd.Process.Kill()
		<-p.ended
	}
	return p.cmd.ProcessState.ExitCode() != 0
}

func TestAnExportSaysHowFarItIs(t *testing.T) {
	t.Parallel()
	at := func(seq events.Seq) events.Position { return events.Position{Stream: "RC_EV", Seq: seq} }
	for want, made := range map[string]export.Result{
		"3 segments up to RC_EV#70":  {Position: at(70), Segments: 3},
		"nothing new after RC_EV#70": {Position: at(70)},
		"the hour that goes on up to RC_EV#68651, in files that end in -open until it is over":                            {Open: 68651},
		"1 segment up to RC_EV#70, and the hour that goes on up to RC_EV#90, in files that end in -open until it is over": {Position: at(70), Segments: 1, Open: 90},
	} {
		made.Position.Stream = "RC_EV"
		if got := reached(&made); got != want {
			t.Errorf("it is %q, want %q", got, want)
		}
	}
}
