package natsd

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
)

func TestAnIndexIsKeptOfWhatTheServerHasNone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := start(t, Options{DataDir: dir})
	nc, err := nats.Connect("", nats.InProcessServer(s), s.Login())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, _ := nc.JetStream()
	if _, err := js.AddStream(&nats.StreamConfig{Name: "LOG", Subjects: []string{"log"}}); err != nil {
		t.Fatal(err)
	}
	stream := filepath.Join(dir, storeName, "jetstream", "$G", "streams", "LOG")
	own := filepath.Join(stream, "msgs", "index.db")
	k := keeper{kept: make(map[string]int), blocks: 2, idle: time.Minute}
	for _, step := range []struct {
		why      string
		messages int // of 1 MB
		own      bool
		later    time.Duration
		want     int
	}{
		{"a start", 1, false, 0, 0},
		{"one block is not worth it", 8, false, 0, 0},
		{"the server writes the index", 8, true, time.Second, 0},
		{"it has not for long", 0, true, time.Hour, 16},
		{"it was kept just now", 0, true, time.Hour, 0},
		{"more", 16, false, 0, 16},
	} {
		for range step.messages {
			if _, err := js.Publish("log", make([]byte, 1<<20-100)); err != nil {
				t.Fatal(err)
			}
		}
		if step.own {
			if err := os.WriteFile(own, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		} else {
			os.Remove(own)
		}
		if n, err := k.keep(stream, time.Now().Add(step.later)); n != step.want || err != nil {
			t.Errorf("%s: %d records were read, %v", step.why, n, err)
		}
	}
}
