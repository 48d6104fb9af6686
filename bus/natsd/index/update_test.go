package index_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/rollcall-xmpp/rollcall/bus/natsd"
	"github.com/rollcall-xmpp/rollcall/bus/natsd/index"
)

// A life is what a stream goes through before its server is killed: messages that
// the index covers, because the server was stopped in order after them, and those
// that came later.
type life struct {
	config         nats.StreamConfig
	covered, later int // messages
	size           int // of each, in bytes at most
	subjects       int
	deleted        uint64 // sequence of one that was deleted at last, or 0
	kept           bool   // in the middle of the later ones, and the server has no index
}

func logOf(config nats.StreamConfig) nats.StreamConfig {
	config.Name, config.Subjects, config.AllowDirect = "LOG", []string{"log.*"}, true
	return config
}

var lives = map[string]life{
	"nothing covered":     {config: logOf(nats.StreamConfig{}), later: 300, size: 1000, subjects: 20},
	"one block":           {config: logOf(nats.StreamConfig{}), covered: 200, later: 100, size: 1000, subjects: 20},
	"one more":            {config: logOf(nats.StreamConfig{}), covered: 200, later: 1, size: 1000, subjects: 300},
	"more blocks later":   {config: logOf(nats.StreamConfig{}), covered: 10, later: 250, size: 100_000, subjects: 50},
	"more blocks covered": {config: logOf(nats.StreamConfig{}), covered: 250, later: 100, size: 100_000, subjects: 50},
	"kept":                {config: logOf(nats.StreamConfig{}), later: 500, size: 100_000, subjects: 50, kept: true},
	"kept and covered":    {config: logOf(nats.StreamConfig{}), covered: 100, later: 400, size: 100_000, subjects: 50, kept: true},
	"kept, the oldest go": {config: logOf(nats.StreamConfig{MaxBytes: 128_000}), later: 1000, size: 1000, subjects: 20, kept: true},
	"the oldest go":       {config: logOf(nats.StreamConfig{MaxBytes: 128_000}), covered: 500, later: 20, size: 1000, subjects: 20},
	"all covered go":      {config: logOf(nats.StreamConfig{MaxBytes: 128_000}), covered: 300, later: 1000, size: 1000, subjects: 20},
}

// The server itself is the judge: of two copies of the files that a killed one has
// left, one with its index brought up to date and one without an index, it makes
// the same.
func TestAnUpdatedIndexIsAsGoodAsReadingAllBlocks(t *testing.T) {
	t.Parallel()
	for name, l := range lives {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(8, uint64(len(name))))
			left := l.live(t, r)
			for how := range ends {
				if l.size > 10_000 && how%2 == 1 {
					continue // they take long
				}
				damage := end(t, left, r, how)
				updated, read := t.TempDir(), t.TempDir()
				copyDir(t, damage, updated)
				copyDir(t, damage, read)
				if _, err := index.Update(streamDir(updated)); err != nil {
					t.Fatal(err)
				}
				if err := os.RemoveAll(indexOf(read)); err != nil {
					t.Fatal(err)
				}
				l.compareIndices(t, updated, read)
				got, said := open(t, updated)
				want, _ := open(t, read)
				if got != want {
					t.Errorf("end %d: the server has\n%s, and by reading all\n%s", how, got, want)
				}
				if strings.Contains(said, "rebuild") || strings.Contains(said, "errored") {
					t.Errorf("end %d: the server reads all blocks:\n%s", how, said)
				}
			}
		})
	}
}

// compareIndices compares the updated index with the one that the server writes.
// Where the oldest records go, the server has them again once it reads all blocks,
// and removes them then.
func (l life) compareIndices(t *testing.T, updated, read string) {
	t.Helper()
	if l.config.MaxBytes > 0 {
		return
	}
	start(t, read, nil).Shutdown()
	if got, want := dump(t, updated), dump(t, read); got != want {
		t.Errorf("the index says\n%s\nand the server's\n%s", got, want)
	}
}

func dump(t *testing.T, dir string) string {
	t.Helper()
	buf, err := os.ReadFile(indexOf(dir))
	if err != nil {
		t.Fatal(err)
	}
	text, err := index.Dump("LOG", buf)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func indexOf(dir string) string { return filepath.Join(streamDir(dir), "msgs", "index.db") }

// live leads the life and returns a copy of the directory as it is at its end.
func (l life) live(t *testing.T, r *rand.Rand) (left string) {
	dir, left := t.TempDir(), t.TempDir()
	s := start(t, dir, nil)
	publish(t, s, l.config, l.covered, func() (string, int) { return l.message(r) })
	if l.covered > 0 {
		s.Shutdown()
		s = start(t, dir, nil)
	}
	publish(t, s, l.config, l.later, func() (string, int) { return l.message(r) })
	if l.deleted > 0 {
		if err := connect(t, s).DeleteMsg(l.config.Name, l.deleted); err != nil {
			t.Fatal(err)
		}
	}
	copyDir(t, dir, left)
	s.Shutdown()
	return left
}

func (l life) message(r *rand.Rand) (subject string, size int) {
	return "log." + strconv.Itoa(r.IntN(l.subjects)), r.IntN(l.size)
}

// How a directory may end, but for whole.
const (
	whole       = iota
	halfRecord  // the newest block ends with the beginning of a record
	brokenBlock // a block was begun with half a record
	noRecord    // the newest block ends with something that was never one
	emptyBlock  // a block was begun, but nothing written
	ends
)

// end returns a copy of the directory that ends so.
func end(t *testing.T, dir string, r *rand.Rand, how int) string {
	damaged := t.TempDir()
	copyDir(t, dir, damaged)
	blocks, err := filepath.Glob(filepath.Join(streamDir(damaged), "msgs", "*.blk"))
	if err != nil {
		t.Fatal(err)
	}
	newest := slices.MaxFunc(blocks, func(a, b string) int { return number(a) - number(b) })
	next := filepath.Join(filepath.Dir(newest), fmt.Sprintf("%d.blk", number(newest)+1))
	text, err := os.ReadFile(newest)
	if err != nil {
		t.Fatal(err)
	}
	half := text[:r.IntN(25)+1]
	switch how {
	case halfRecord:
		err = os.WriteFile(newest, append(text, half...), 0o600)
	case noRecord:
		err = os.WriteFile(newest, append(text, bytes.Repeat([]byte{0xff}, r.IntN(1000)+1)...), 0o600)
	case emptyBlock:
		err = os.WriteFile(next, nil, 0o600)
	case brokenBlock:
		err = os.WriteFile(next, half, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return damaged
}

func number(block string) int {
	n, _ := strconv.Atoi(strings.TrimSuffix(filepath.Base(block), ".blk"))
	return n
}

func streamDir(dir string) string {
	return filepath.Join(dir, "nats", "jetstream", "$G", "streams", "LOG")
}

// copyDir copies a directory, but for the file by which the server knows a copy and
// refuses it.
func copyDir(t *testing.T, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(natsd.KeyFile(to), 0o600); err != nil && !errors.Is(err, fs.ErrNotExist) { // CopyFS leaves that to the umask
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(to, "lock")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
}

func start(t *testing.T, dir string, log *slog.Logger) *natsd.Server {
	t.Helper()
	s, err := natsd.Start(t.Context(), natsd.Options{DataDir: dir, Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Shutdown)
	return s
}

func connect(t *testing.T, s *natsd.Server) nats.JetStreamContext {
	t.Helper()
	nc, err := nats.Connect("", nats.InProcessServer(s), s.Login())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := nc.JetStream()
	if err != nil {
		t.Fatal(err)
	}
	return js
}

// publish stores messages, every third one with a header.
func publish(t *testing.T, s *natsd.Server, config nats.StreamConfig, n int, next func() (subject string, size int)) {
	t.Helper()
	js := connect(t, s)
	if _, err := js.AddStream(&config); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		subject, size := next()
		m := &nats.Msg{Subject: subject, Data: bytes.Repeat([]byte{byte(i)}, size)}
		if i%3 == 0 {
			m.Header = nats.Header{"X": {"y"}}
		}
		if _, err := js.PublishMsgAsync(m); err != nil {
			t.Fatal(err)
		}
	}
	<-js.PublishAsyncComplete()
}

// open has a server open the directory, and returns all that it knows of the
// stream and what it said meanwhile.
func open(t *testing.T, dir string) (known, said string) {
	t.Helper()
	var log bytes.Buffer
	s := start(t, dir, slog.New(slog.NewTextHandler(&log, nil)))
	js := connect(t, s)
	info, err := js.StreamInfo("LOG", &nats.StreamInfoRequest{SubjectsFilter: ">"})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(info.State)
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	all.Write(text)
	for _, subject := range slices.Sorted(maps.Keys(info.State.Subjects)) {
		first, err := js.GetMsg("LOG", info.State.FirstSeq, nats.DirectGetNext(subject))
		last, lastErr := js.GetLastMsg("LOG", subject)
		if err := errors.Join(err, lastErr); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&all, "\n%s %d %d %x", subject, first.Sequence, last.Sequence, len(last.Data))
	}
	ack, err := js.Publish("log.new", nil)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(&all, "\nnext %d", ack.Sequence)
	s.Shutdown()
	return all.String(), log.String()
}
