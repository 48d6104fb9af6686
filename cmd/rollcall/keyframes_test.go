package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/bench"
	"github.com/rollcall-xmpp/rollcall/events"
)

// oldLog makes a data directory with a log of ten days that has no keyframes: a
// process that starts on it writes some two hundred.
func oldLog(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	made, err := (&bench.LogMaker{
		Events: 20_000, Accounts: 500, Live: 50, Span: 10 * 24 * time.Hour, Seed: 1,
		Data: filepath.Join(dir, "a"), Name: "gone", Instance: "gone",
	}).Run(t.Context())
	if err != nil || !made {
		t.Fatalf("make a log: %v, %v", made, err)
	}
	return dir
}

// projecting starts a process that folds and writes keyframes, and does not wait.
func projecting(t *testing.T, dir, name string, flags ...string) *process {
	t.Helper()
	p, err := launch(os.Environ(), dir, append([]string{"up", "--roles", "projector", "--name", name, "--data", name}, flags...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	return p
}

func (p *process) kill() {
	p.cmd.Process.Kill()
	<-p.ended
}

func (p *process) serves(t *testing.T) {
	t.Helper()
	if !p.says(&p.out, serving) {
		t.Fatalf("it does not serve:\n%s%s", p.out.String(), p.err.String())
	}
}

func (p *process) nats() string { return natsAddress.FindStringSubmatch(p.out.String())[1] }

// rightTable is what rollcall verify finds; it must find nothing wrong.
func rightTable(t *testing.T, url string) (v verification) {
	t.Helper()
	out, err := rollcall(t, "verify", "--json", "--nats", url)
	if err != nil {
		t.Errorf("verify: %v\n%s", err, out)
	}
	if err := json.Unmarshal(out, &v); err != nil {
		t.Fatalf("verify says %s", out)
	}
	if !v.Agrees || v.Wrong > 0 || v.Missing > 0 {
		t.Errorf("verify finds %s", out)
	}
	return v
}

func rollcall(t *testing.T, args ...string) ([]byte, error) {
	t.Helper()
	var said bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "rollcall", args...)
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("%w: %s", err, said.String())
	}
	return out, err
}

// A writer may die at any moment of writing: what it was at is not there, and the next
// one goes on.
func TestAWriterOfKeyframesMayBeKilledAtAnyMoment(t *testing.T) {
	t.Parallel()
	dir := oldLog(t)
	for range 6 {
		p := projecting(t, dir, "a", "--nats-listen", "127.0.0.1:0")
		<-time.After(100*time.Millisecond + rand.N(700*time.Millisecond))
		p.kill()
	}
	p := projecting(t, dir, "a", "--nats-listen", "127.0.0.1:0")
	p.serves(t)
	await(t, "keyframe", func() bool { return len(keyframesAt(t, p.nats())) > 0 })
	if v := rightTable(t, p.nats()); v.Unusable > 0 {
		t.Errorf("%d keyframes can't be read", v.Unusable)
	}
}

// Two processes write at once, and one of them is frozen in the middle and goes on when
// its claim has passed to the other.
func TestTwoWritersOfKeyframesOneOfThemFrozen(t *testing.T) {
	t.Parallel()
	dir := oldLog(t)
	first := projecting(t, dir, "a", "--nats-listen", "127.0.0.1:0")
	first.serves(t)
	dropKeyframes(t, first.nats())
	second := projecting(t, dir, "b", "--nats", first.nats())
	third := projecting(t, dir, "c", "--nats", first.nats())
	<-time.After(rand.N(300 * time.Millisecond))
	second.freeze(t)
	third.serves(t)
	second.cmd.Process.Signal(syscall.SIGCONT)
	second.serves(t)
	if v := rightTable(t, first.nats()); v.Unusable > 0 {
		t.Errorf("%d keyframes can't be read", v.Unusable)
	}
}

// keyframesAt are those that there are.
func keyframesAt(t *testing.T, url string) []events.Keyframe {
	t.Helper()
	b := observer(t, url)
	defer b.Close()
	list, err := b.Keyframes().List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func observer(t *testing.T, url string) *bus.Bus {
	t.Helper()
	b, err := bus.Connect(t.Context(), existing(t, url))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// dropKeyframes removes all that there are, so that the next process begins anew.
func dropKeyframes(t *testing.T, url string) {
	t.Helper()
	await(t, "keyframe", func() bool { return len(keyframesAt(t, url)) > 0 })
	b := observer(t, url)
	defer b.Close()
	for _, k := range keyframesAt(t, url) {
		if err := b.Keyframes().Remove(t.Context(), k); err != nil {
			t.Fatal(err)
		}
	}
}

var passedOver = regexp.MustCompile("a keyframe can't be used and is passed over")

// Bits that flip on the disk cost time, and nothing else.
func TestKeyframesThatWereDamagedOnTheDiskArePassedOver(t *testing.T) {
	t.Parallel()
	dir := oldLog(t)
	p := projecting(t, dir, "a", "--nats-listen", "127.0.0.1:0")
	p.serves(t)
	await(t, "keyframe", func() bool { return len(keyframesAt(t, p.nats())) > 0 })
	before := rightTable(t, p.nats())
	p.cmd.Process.Signal(syscall.SIGTERM)
	<-p.ended
	flip(t, filepath.Join(dir, "a"))
	p = projecting(t, dir, "a", "--nats-listen", "127.0.0.1:0")
	p.serves(t)
	if !passedOver.MatchString(p.err.String()) {
		t.Errorf("it names none:\n%s", p.err.String())
	}
	if after := rightTable(t, p.nats()); after.Hash != before.Hash {
		t.Errorf("the table is %s, before it was %s", after.Hash, before.Hash)
	}
}

// flip damages all of the stored keyframes a little.
func flip(t *testing.T, data string) {
	t.Helper()
	blocks, err := filepath.Glob(filepath.Join(data, "nats/jetstream/*/streams/RC_KEYFRAMES/msgs/*.blk"))
	if err != nil || len(blocks) == 0 {
		t.Fatalf("no blocks below %s: %v", data, err)
	}
	for _, path := range blocks {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for rest := b; ; {
			i := bytes.Index(rest, []byte("RCKF"))
			if i < 0 || i+200 > len(rest) {
				break
			}
			rest[i+100] ^= 0x40
			rest = rest[i+200:]
		}
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
