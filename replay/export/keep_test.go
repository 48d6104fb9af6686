package export

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

func TestFilesAreKeptForTheirDays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	begun := w.now.Truncate(time.Hour)
	for range 4 {
		w.online("alice@example.org", "phone")
		w.later(23 * time.Hour)
	}
	w.later(2 * time.Hour)
	keep := func(c *Config) { c.Keep = Keep{classPresence: 1, datasetSessions: 0, classSession: 2} }
	dir := t.TempDir()
	w.run(dir, keep)
	for of, want := range map[string]int{"class=presence": 2, "/sessions/": 0, "class=session": 3, "class=account": 4} {
		hours := map[string]bool{}
		for name := range contents(t, dir) {
			if strings.HasSuffix(name, ".parquet") && strings.Contains("/"+name, of) {
				hours[filepath.Dir(name)] = true
			}
		}
		if of == "/sessions/" {
			want = 1 // that of the newest hour itself
		}
		if len(hours) != want {
			t.Errorf("of %s there are %v since %s, want %d", of, hours, begun, want)
		}
	}
	c, err := Check(t.Context(), dir, Trust{})
	if err != nil || len(c.Faults) > 0 || c.Removed != 2+3+1 {
		t.Errorf("%+v, %v", c, err)
	}
	random := rand.New(rand.NewPCG(5, 6))
	again := t.TempDir()
	for err := errCut; err != nil; {
		if _, err = w.try(t.Context(), cutLog{w, 4 + random.IntN(4)}, again, keep); err != nil && !errors.Is(err, errCut) {
			t.Fatal(err)
		}
	}
	expectSame(t, contents(t, again), contents(t, dir))
	for name := range contents(t, dir) {
		if strings.Contains(name, "class=account") {
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
			break
		}
	}
	if !faulty(t, dir, Trust{}) {
		t.Error("a file was taken that was to be kept")
	}
}

func TestOnlyWhatThereIsCanBeKept(t *testing.T) {
	t.Parallel()
	for _, k := range []Keep{{"event": 1}, {datasetEvents: 1}, {classSession: -1}} {
		c := Config{Keep: k}
		if err := c.Validate(); !errors.Is(err, ErrChoice) {
			t.Errorf("%v: %v", k, err)
		}
	}
}

// An export that follows has, after some hours, what one has that is made then.
func TestAnExportThatFollowsIsThatOfOneRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dir, fresh := t.TempDir(), t.TempDir()
	ctx, stop := context.WithCancel(t.Context())
	var sealed []events.Seq
	c := Config{Dir: dir, Log: w, Key: testKey, Pseudonyms: pseudonyms{}, Pre: connections{w}}
	err := follow(ctx, c, Follower{
		Done: func(r *Result) { sealed = append(sealed, r.Position.Seq) },
	}, func(time.Duration) {
		switch len(sealed) {
		case 1, 3:
			w.online("alice@example.org", "phone")
			w.later(10 * time.Minute)
		case 2, 4:
			w.later(time.Hour) // in which nothing comes
		default:
			stop()
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(sealed) != 5 || sealed[1] != 0 || sealed[2] != 3 || sealed[4] != 6 {
		t.Errorf("sealed up to %v", sealed)
	}
	w.run(fresh)
	expectSame(t, contents(t, dir), contents(t, fresh))
}
