package natsd

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
)

// The stream's next file can't be made, which ends it as a full disk does.
func TestAStreamGoesOnWhenThereIsRoomAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var log bytes.Buffer
	s := start(t, Options{DataDir: dir, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	s.Admit(func(string) *Program { return nil }) // makes an account that has no streams
	nc, err := nats.Connect("", nats.InProcessServer(s), s.Login())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, _ := nc.JetStream(nats.MaxWait(time.Second))
	if _, err := js.AddStream(&nats.StreamConfig{Name: "S", Subjects: []string{"s"}}); err != nil {
		t.Fatal(err)
	}
	files := filepath.Join(dir, storeName, "jetstream", "$G", "streams", "S", "msgs")
	err = errors.Join(os.Rename(files, files+".kept"), os.WriteFile(files, nil, 0o600))
	stored := fill(js)
	err = errors.Join(err, os.Remove(files), os.Rename(files+".kept", files))
	if err != nil {
		t.Fatal(err)
	}
	s.log.Errorf("write %s: %s", files, syscall.ENOSPC)
	refused, again := stored, time.Now().Add(30*time.Second)
	for refused == stored && time.Now().Before(again) {
		if ack, err := js.Publish("s", nil); err == nil {
			stored = ack.Sequence
		}
	}
	if stored != refused+1 {
		t.Errorf("the first message after it has sequence %d, the last before it %d", stored, refused)
	}
	s.Shutdown()
	for _, want := range []string{diskFull, "there is room on the disk again"} {
		if n := strings.Count(log.String(), want); n != 1 {
			t.Errorf("%d times %q in the log:\n%s", n, want, log.String())
		}
	}
}

// fill stores messages until one is refused, and returns the last's sequence.
func fill(js nats.JetStreamContext) uint64 {
	data := make([]byte, 256<<10)
	for stored := uint64(0); ; {
		ack, err := js.Publish("s", data)
		if err != nil {
			return stored
		}
		stored = ack.Sequence
	}
}
