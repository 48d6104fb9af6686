package index_test

import (
	"errors"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/rollcall-xmpp/rollcall/bus/natsd/index"
)

// contents has the files below a directory.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		all[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// rewrite changes a file of the stream's.
func rewrite(t *testing.T, dir, name string, change func([]byte) []byte) {
	t.Helper()
	path := filepath.Join(streamDir(dir), name)
	text, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, change(text), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func flip(at int) func([]byte) []byte {
	return func(b []byte) []byte {
		b[(at+len(b))%len(b)] ^= 1
		return b
	}
}

func TestWhatIsNotCertainIsLeftToTheServer(t *testing.T) {
	t.Parallel()
	covered := life{config: logOf(nats.StreamConfig{}), covered: 200, later: 100, size: 1000, subjects: 20}
	blocks := life{config: logOf(nats.StreamConfig{}), later: 400, size: 100_000, subjects: 20}
	for name, tt := range map[string]struct {
		life   life
		damage func(t *testing.T, dir string)
	}{
		"a bucket":             {life{config: logOf(nats.StreamConfig{MaxMsgsPerSubject: 1}), covered: 20, later: 100, size: 1000, subjects: 20}, nil},
		"compressed":           {life{config: logOf(nats.StreamConfig{Compression: nats.S2Compression}), covered: 20, later: 100, size: 1000, subjects: 20}, nil},
		"records that may end": {life{config: logOf(nats.StreamConfig{AllowMsgTTL: true}), covered: 20, later: 100, size: 1000, subjects: 20}, nil},
		"a covered record is gone": {covered, func(t *testing.T, dir string) {
			rewrite(t, dir, "msgs/1.blk", func(b []byte) []byte { return b[:1000] })
		}},
		"a covered record is damaged": {covered, func(t *testing.T, dir string) { rewrite(t, dir, "msgs/1.blk", flip(100)) }},
		"a covered block is shorter": {life{config: logOf(nats.StreamConfig{}), covered: 400, later: 10, size: 100_000, subjects: 20}, func(t *testing.T, dir string) {
			rewrite(t, dir, "msgs/1.blk", func(b []byte) []byte { return b[:len(b)-1] })
		}},
		"a block is damaged": {blocks, func(t *testing.T, dir string) { rewrite(t, dir, "msgs/1.blk", flip(100)) }},
		"a block is gone": {blocks, func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(streamDir(dir), "msgs", "2.blk")); err != nil {
				t.Fatal(err)
			}
		}},
		"a record was deleted":         {life{config: logOf(nats.StreamConfig{}), later: 100, size: 1000, subjects: 20, deleted: 50}, nil},
		"a covered record was deleted": {life{config: logOf(nats.StreamConfig{}), covered: 200, later: 100, size: 1000, subjects: 20, deleted: 50}, nil},
		"settings of something else": {covered, func(t *testing.T, dir string) {
			rewrite(t, dir, "meta.inf", func([]byte) []byte { return []byte("{}") })
		}},
		"settings that can't be read": {covered, func(t *testing.T, dir string) {
			rewrite(t, dir, "meta.inf", func(b []byte) []byte { return b[1:] })
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			left := tt.life.live(t, rand.New(rand.NewPCG(1, 2)))
			if tt.damage != nil {
				tt.damage(t, left)
			}
			before := contents(t, left)
			if _, err := index.Update(streamDir(left)); !errors.Is(err, index.ErrUnfit) {
				t.Errorf("Update: %v", err)
			}
			if !maps.Equal(contents(t, left), before) {
				t.Error("files were changed")
			}
		})
	}
}

// An index that can't be believed is no loss: all blocks are read.
func TestABadIndexIsMadeAnew(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func([]byte) []byte{
		"damaged":  flip(50),
		"another":  flip(1),
		"cut off":  func(b []byte) []byte { return b[:len(b)/2] },
		"empty":    func(b []byte) []byte { return nil },
		"its hash": flip(-1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := life{config: logOf(nats.StreamConfig{}), covered: 200, later: 100, size: 1000, subjects: 20}
			left := l.live(t, rand.New(rand.NewPCG(1, 2)))
			rewrite(t, left, "msgs/index.db", change)
			if n, err := index.Update(streamDir(left)); n != 300 || err != nil {
				t.Errorf("%d records, %v", n, err)
			}
		})
	}
}

func TestOnlyWhatIsNewIsAdded(t *testing.T) {
	t.Parallel()
	l := life{config: logOf(nats.StreamConfig{}), covered: 200, later: 100, size: 1000, subjects: 20}
	left := l.live(t, rand.New(rand.NewPCG(1, 2)))
	for _, want := range []int{100, 0} {
		if n, err := index.Update(streamDir(left)); n != want || err != nil {
			t.Errorf("%d records, %v", n, err)
		}
	}
}
