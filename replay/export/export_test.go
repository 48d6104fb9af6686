package export

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// days lets things happen over some hours, with a record that can't be decoded and one of
// a kind that nobody knows.
func (w *world) days() {
	for i := range 12 {
		s := w.online(fmt.Sprintf("u%d@example.org", i%5), "phone")
		if i == 4 {
			w.poison()
			w.append("u8@example.org", s, events.Unknown{Code: 200, Version: 1, Fields: []byte{0x90}})
		}
		w.fail("example.org", fmt.Sprintf("u%d", i%5), "192.0.2.77:5222")
		w.later(20*time.Minute - time.Second)
		w.append(fmt.Sprintf("u%d@example.org/phone", i%5), s, events.Closed{Reason: events.ReasonClient, Text: "bye, Anna"})
		w.later(time.Duration(i*13) * time.Minute)
	}
}

func TestTheSameLogGivesTheSameBytesHoweverOftenItIsInterrupted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.days()
	for name, choose := range map[string]func(*Config){
		"all datasets": func(*Config) {},
		"events":       func(c *Config) { c.Datasets = []string{datasetEvents} },
	} {
		undisturbed := t.TempDir()
		w.run(undisturbed, choose)
		want := contents(t, undisturbed)
		if len(want) < 50 {
			t.Fatalf("only %d files", len(want))
		}
		random := rand.New(rand.NewPCG(1, 2))
		for range 5 {
			dir := t.TempDir()
			for err := errCut; err != nil; {
				if _, err = w.try(t.Context(), cutLog{w, 1 + random.IntN(20)}, dir, choose); err != nil && !errors.Is(err, errCut) {
					t.Fatal(err)
				}
				if err != nil {
					tear(t, dir, random, name == "events")
				}
			}
			expectSame(t, contents(t, dir), want)
		}
	}
}

// tear leaves what a process that is killed may leave: files without a line in the
// manifest, a line that is cut short, and what was being written. A line of which the state
// before was removed is on the disk, and can't be cut.
func tear(t *testing.T, dir string, random *rand.Rand, cut bool) {
	t.Helper()
	path := filepath.Join(dir, manifestName)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if lines := strings.SplitAfter(string(text), "\n"); cut && len(lines) > 2 && random.IntN(2) == 0 {
		size := len(text) - random.IntN(len(lines[len(lines)-2]))
		if err := os.Truncate(path, int64(size)); err != nil {
			t.Fatal(err)
		}
	}
	work := filepath.Join(dir, workName)
	if err := errors.Join(os.MkdirAll(work, 0o755), os.WriteFile(filepath.Join(work, "x"), []byte("left"), 0o644)); err != nil {
		t.Fatal(err)
	}
}

func TestTheHourThatGoesOnIsReplaced(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dir := t.TempDir()
	w.online("alice@example.org", "phone")
	r := w.run(dir)
	if r.Position.Seq != 0 || r.Open != 3 || r.Segments != 0 {
		t.Errorf("at first %+v", r)
	}
	if n := len(rows(t, dir, "-open.parquet")); n != 3+1 {
		t.Errorf("%d rows of the hour that goes on", n)
	}
	w.online("bob@example.org", "desk")
	if r = w.run(dir); r.Open != 6 || len(rows(t, dir, "/events/")) != 6 {
		t.Errorf("then %+v", r)
	}
	w.later(w.now.Truncate(time.Hour).Add(time.Hour + grace - 1).Sub(w.now))
	if r = w.run(dir); r.Open != 6 {
		t.Errorf("within the grace %+v", r)
	}
	w.later(1)
	if r = w.run(dir); r.Position.Seq != 6 || r.Open != 0 || r.Segments != 1 {
		t.Errorf("after the hour %+v", r)
	}
	if n := len(rows(t, dir, "/events/")); n != 6 {
		t.Errorf("%d rows, once each wanted", n)
	}
	fresh := t.TempDir()
	w.run(fresh)
	expectSame(t, contents(t, dir), contents(t, fresh))
}

func TestARowSaysWhatTheRecordDoes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.days()
	dir := t.TempDir()
	r := w.run(dir)
	if r.Records != 50 || r.Damaged != 1 {
		t.Errorf("%+v", r)
	}
	first := rows(t, dir, "class=session")[0]
	for name, want := range map[string]any{
		"seq": int64(1), "type": "authenticated", "mechanism": "SCRAM-SHA-256", "tls": "TLS 1.3", "agent": "Gajim 1",
		"network": "192.0.2.0/24", "connector": "c1", "epoch": int64(3), "domain": "example.org", "reason": nil,
		"who": whoIs(events.StoredJID("u0@example.org")).String(),
	} {
		if got := first[name]; got != want {
			t.Errorf("%s is %#v, want %#v", name, got, want)
		}
	}
	others := rows(t, dir, "class=log")
	if len(others) != 2 || others[0]["type"] != damagedType || others[1]["type"] != "unknown_200" {
		t.Errorf("of the log: %v", others)
	}
}

func TestNobodyIsNamedUnlessItIsAskedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.days()
	said := func(choices ...func(*Config)) string {
		dir := t.TempDir()
		w.run(dir, choices...)
		return fmt.Sprint(rows(t, dir, ""))
	}
	secrets := []string{"u1@", "phone", "Anna", "4711", "192.0.2.77"}
	nameless := said()
	named := said(func(c *Config) { c.Names, c.Addresses = true, AddressesFull })
	for _, s := range secrets {
		if strings.Contains(nameless, s) {
			t.Errorf("%s is said", s)
		}
		if !strings.Contains(named, s) {
			t.Errorf("%s is not said, though names are asked for", s)
		}
	}
	if s := said(func(c *Config) { c.Addresses = AddressesNone }); strings.Contains(s, "192.0.2") {
		t.Error("a network is said")
	}
}

func TestADirectoryIsItsOwnersAtFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dir := filepath.Join(t.TempDir(), "hist")
	key := dir + ".key"
	made, err := LoadKey(key)
	if err != nil {
		t.Fatal(err)
	}
	w.run(dir, func(c *Config) { c.Key = made })
	for path, want := range map[string]os.FileMode{dir: 0o700 | os.ModeDir, key: 0o600} {
		info, err := os.Stat(path)
		if err != nil || info.Mode() != want {
			t.Errorf("%s has mode %s, %v", path, info.Mode(), err)
		}
	}
	if again, err := LoadKey(key); err != nil || !again.Equal(made) {
		t.Errorf("the key is another, %v", err)
	}
	if err := os.WriteFile(key, []byte("no key"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadKey(key); err == nil {
		t.Error("that was no key")
	}
}

func TestADirectoryIsOfOneExport(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.days()
	dir := t.TempDir()
	w.run(dir)
	for name, choose := range map[string]func(*Config){
		"names":   func(c *Config) { c.Names = true },
		"classes": func(c *Config) { c.Classes = []string{classSession} },
		"another key": func(c *Config) {
			c.Key = append(append([]byte{}, testKey[:31]...), append([]byte{1}, testKey[32:]...)...)
			c.Key[40] ^= 1
		},
	} {
		if _, err := w.try(t.Context(), w, dir, choose); !errors.Is(err, ErrForeign) {
			t.Errorf("%s: %v", name, err)
		}
	}
	other := t.TempDir()
	if err := os.WriteFile(filepath.Join(other, "letter.txt"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := w.try(t.Context(), w, other); !errors.Is(err, ErrForeign) {
		t.Errorf("among other files: %v", err)
	}
	d, err := openDirectory(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer d.close()
	if _, err := w.try(t.Context(), w, dir); !errors.Is(err, ErrInUse) {
		t.Errorf("while another is at work: %v", err)
	}
}

func TestAnExportOfSomeHoursHasTheSameFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	begun := w.now
	w.days()
	all, some := t.TempDir(), t.TempDir()
	w.run(all)
	since, until := begun.Add(3*time.Hour+10*time.Minute), begun.Add(7*time.Hour+10*time.Minute)
	w.run(some, func(c *Config) { c.Since, c.Until = since, until })
	want := contents(t, all)
	n := 0
	for name, text := range contents(t, some) {
		if strings.HasPrefix(name, "events/") && text != want[name] {
			t.Errorf("%s is another", name)
		}
		n++
	}
	for _, r := range rows(t, some, "/events/") {
		at := time.UnixMicro(r["stored_at"].(int64))
		if at.Before(since.Truncate(time.Hour)) || !at.Before(until.Truncate(time.Hour)) {
			t.Errorf("there is a row of %s", at)
		}
	}
	if n < 10 {
		t.Errorf("only %d files", n)
	}
}

func TestWhatTheLogHasForgottenIsCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dir := t.TempDir()
	w.online("alice@example.org", "phone")
	w.later(2 * time.Hour)
	w.run(dir)
	w.online("bob@example.org", "desk") // 4 to 6, which are gone before they are exported
	w.later(3 * time.Hour)
	w.first = 7
	w.online("carol@example.org", "pad")
	w.later(2 * time.Hour)
	w.run(dir)
	var m manifest
	text, err := os.ReadFile(filepath.Join(dir, manifestName))
	if err != nil {
		t.Fatal(err)
	}
	for e, err := range entries(text, &m.hash) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Segment != nil {
			m.last = *e.Segment
		}
	}
	if m.last.From != 4 || m.last.To != 9 || m.last.Missing != 3 || m.last.Records != 3 {
		t.Errorf("the last segment is %+v", m.last)
	}
}
