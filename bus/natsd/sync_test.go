package natsd

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/nats-io/nats.go"
)

// A disk keeps of each file what was synced of it. A directory that was synced
// keeps the files that were in it then.
type disk struct {
	mu    sync.Mutex
	files map[string]fs.FileInfo // as they were, by path
	dirs  map[string]bool
	fails error
}

func (d *disk) sync(f *os.File) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	info, err := f.Stat()
	if err != nil || d.fails != nil {
		return errors.Join(err, d.fails)
	}
	if info.IsDir() {
		d.dirs[f.Name()] = true
	} else {
		d.files[f.Name()] = info
	}
	return f.Sync()
}

// after makes what the machine has after the power came back: of each file the
// part that was synced and, instead of the part that was written behind it,
// junk of the same length.
func (d *disk) after(t *testing.T, dir string) string {
	t.Helper()
	copied := t.TempDir()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || e.Name() == lockName {
			return err
		}
		there, err := e.Info()
		synced := d.files[path]
		if err != nil || synced == nil || !os.SameFile(there, synced) || !d.dirs[filepath.Dir(path)] {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		clear(data[synced.Size():])
		to := filepath.Join(copied, strings.TrimPrefix(path, dir))
		return errors.Join(os.MkdirAll(filepath.Dir(to), 0o700), os.WriteFile(to, data, 0o600))
	})
	if err != nil {
		t.Fatal(err)
	}
	return copied
}

// onDisk is a server whose disk is watched.
func onDisk(t *testing.T, o Options) (*Server, *disk, nats.JetStreamContext) {
	t.Helper()
	o.Fsync = "always"
	s := start(t, o)
	d := &disk{files: make(map[string]fs.FileInfo), dirs: make(map[string]bool)}
	s.files.fsync = d.sync
	return s, d, client(t, s)
}

func client(t *testing.T, s *Server) nats.JetStreamContext {
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

func publish(t *testing.T, js nats.JetStreamContext, subject string, n, size int) {
	t.Helper()
	for range n {
		if _, err := js.Publish(subject, make([]byte, size)); err != nil {
			t.Fatal(err)
		}
	}
}

func syncNow(t *testing.T, s *Server) {
	t.Helper()
	if err := s.Sync("S"); err != nil {
		t.Fatal(err)
	}
}

// What is synced is found again, whatever became of the rest: over several blocks,
// whose size the server takes from the limit of the stream.
func TestWhatWasSyncedSurvivesAPowerFailure(t *testing.T) {
	t.Parallel()
	for _, blocks := range []int{1, 2, 5} {
		t.Run(fmt.Sprint(blocks), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s, disk, js := onDisk(t, Options{DataDir: dir})
			if _, err := js.AddStream(&nats.StreamConfig{Name: "S", Subjects: []string{"s"}, MaxBytes: 1 << 20}); err != nil {
				t.Fatal(err)
			}
			kept := 0
			for range blocks {
				publish(t, js, "s", 1, 10)
				syncNow(t, s)
				publish(t, js, "s", 7, 4000) // 32000 bytes are a block
				syncNow(t, s)
				kept += 8
			}
			publish(t, js, "s", 3, 100)
			after := disk.after(t, dir)
			again := client(t, start(t, Options{DataDir: after}))
			info, err := again.StreamInfo("S")
			if err != nil {
				t.Fatal(err)
			}
			if n := info.State.LastSeq; n < uint64(kept) || info.State.Msgs != n {
				t.Errorf("%d messages, the last is %d; %d were synced", info.State.Msgs, n, kept)
			}
		})
	}
}

// A bucket keeps the newest message of a subject, so its old blocks are rewritten
// and removed.
func TestASyncFindsTheBlocksWhateverBecomesOfThem(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, disk, js := onDisk(t, Options{DataDir: dir})
	config := nats.StreamConfig{Name: "S", Subjects: []string{"s.*"}, MaxMsgsPerSubject: 1, MaxBytes: 1 << 20}
	makeStream := func() {
		if _, err := js.AddStream(&config); err != nil {
			t.Fatal(err)
		}
	}
	survives := func(n uint64) {
		t.Helper()
		syncNow(t, s)
		info, err := js.StreamInfo("S")
		if err != nil || info.State.Msgs != n {
			t.Fatalf("%d messages before, %v", info.State.Msgs, err)
		}
		again := client(t, start(t, Options{DataDir: disk.after(t, dir)}))
		after, err := again.StreamInfo("S")
		if err != nil || after.State.Msgs != n || after.State.LastSeq != info.State.LastSeq {
			t.Errorf("%+v before, %+v after, %v", info.State, after.State, err)
		}
	}
	makeStream()
	publish(t, js, "s.stays", 1, 10)
	survives(1)
	publish(t, js, "s.changes", 100, 4000)
	survives(2)
	for i := range 20 {
		publish(t, js, fmt.Sprint("s.", i), 1, 4000)
	}
	survives(22)
	if err := js.PurgeStream("S"); err != nil {
		t.Fatal(err)
	}
	publish(t, js, "s.next", 1, 10)
	survives(1)
	if err := js.DeleteStream("S"); err != nil {
		t.Fatal(err)
	}
	makeStream()
	publish(t, js, "s.new", 1, 10)
	survives(1)
}

func TestASyncThatFailedFailsForEver(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	s, disk, js := onDisk(t, Options{DataDir: t.TempDir(), Logger: slog.New(slog.NewTextHandler(&log, nil))})
	for _, name := range []string{"S", "OTHER"} {
		if _, err := js.AddStream(&nats.StreamConfig{Name: name, Subjects: []string{name}}); err != nil {
			t.Fatal(err)
		}
		publish(t, js, name, 1, 10)
	}
	syncNow(t, s)
	disk.fails = syscall.EIO
	first := s.Sync("S")
	disk.fails = nil
	publish(t, js, "S", 1, 10)
	if again := s.Sync("S"); !errors.Is(first, syscall.EIO) || !errors.Is(again, syscall.EIO) {
		t.Errorf("first %v, then %v", first, again)
	}
	if err := s.Sync("OTHER"); err != nil {
		t.Errorf("another stream: %v", err)
	}
	if n := strings.Count(log.String(), diskFails); n != 1 {
		t.Errorf("it was said %d times:\n%s", n, log.String())
	}
}

func TestNothingIsSyncedThatIsNotAStream(t *testing.T) {
	t.Parallel()
	s := start(t, Options{DataDir: t.TempDir(), Fsync: "always"})
	for _, name := range []string{"", ".", "..", "../streams", "/", "none"} {
		if s.Sync(name) == nil {
			t.Errorf("%q was synced", name)
		}
	}
	s.Shutdown()
	if err := s.Sync("S"); !errors.Is(err, errStopped) {
		t.Errorf("after the server's end: %v", err)
	}
}
