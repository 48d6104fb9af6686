package backup

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// begin writes a backup's files.
func begin(t *testing.T, dir string) (*Writer, *Manifest) {
	t.Helper()
	w, err := Create(dir)
	must(t, err)
	m := &Manifest{Version: "v1", Started: time.Unix(5, 0).UTC()}
	for _, name := range []string{"A", "B"} {
		f, err := w.File(name)
		must(t, err)
		_, err = f.Write([]byte(strings.Repeat("content of "+name, 100)))
		must(t, err)
		file, err := f.Close()
		must(t, err)
		m.Streams = append(m.Streams, Stream{Name: name, Last: 7, Snapshot: file})
	}
	return w, m
}

func complete(t *testing.T) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "backup")
	w, m := begin(t, dir)
	must(t, w.Complete(m))
	return dir
}

func TestACompleteBackupIsReadBack(t *testing.T) {
	t.Parallel()
	b, err := Open(complete(t))
	must(t, err)
	read := 0
	must(t, b.Check(t.Context(), func(n int) { read += n }))
	if b.Format != Format || b.Version != "v1" || b.Stream("B").Last != 7 || b.Stream("C") != nil || int64(read) != b.Size() || read == 0 {
		t.Errorf("%+v, %d bytes checked", b.Manifest, read)
	}
	f, err := b.Open(b.Stream("A").Snapshot)
	must(t, err)
	defer f.Close()
	if text, _ := io.ReadAll(f); !strings.HasPrefix(string(text), "content of A") {
		t.Errorf("A has %q", text)
	}
}

func TestTheSumsAreThoseOfSha256sum(t *testing.T) {
	t.Parallel()
	check := exec.Command("sha256sum", "--strict", "-c", "SHA256SUMS")
	check.Dir = complete(t)
	if said, err := check.CombinedOutput(); err != nil || strings.Count(string(said), ": OK\n") != 3 {
		t.Errorf("%v: %s", err, said)
	}
}

func TestABackupHasItsNameWhenItIsComplete(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "backup")
	w, m := begin(t, dir)
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("before its end: %v", err)
	}
	if _, err := Open(dir + ".partial"); !errors.Is(err, ErrIncomplete) {
		t.Errorf("what there is of it opens with %v", err)
	}
	if _, err := Create(dir); !errors.Is(err, ErrBusy) {
		t.Errorf("a second one beside it: %v", err)
	}
	must(t, w.Complete(m))
	w.Abort()
	_, err := Open(dir)
	must(t, err)
	if entries, _ := os.ReadDir(filepath.Dir(dir)); len(entries) != 1 {
		t.Errorf("beside it there is %v", entries)
	}
}

// A process that is killed leaves its lock to the next one, and what it wrote.
func TestABackupThatWasKilledIsMadeAgain(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "backup")
	w, _ := begin(t, dir)
	must(t, w.lock.Close())
	w, m := begin(t, dir)
	must(t, w.Complete(m))
	b, err := Open(dir)
	must(t, err)
	must(t, b.Check(t.Context(), nil))
}

func TestAnAbortedBackupLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "backup")
	w, _ := begin(t, dir)
	w.Abort()
	w.Abort()
	if entries, _ := os.ReadDir(filepath.Dir(dir)); len(entries) > 0 {
		t.Errorf("there is %v", entries)
	}
}

func TestNothingIsOverwritten(t *testing.T) {
	t.Parallel()
	if _, err := Create(complete(t)); !errors.Is(err, ErrExists) {
		t.Errorf("on another backup: %v", err)
	}
	file := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(file, nil, 0o600))
	if _, err := Create(file); !errors.Is(err, ErrExists) {
		t.Errorf("on a file: %v", err)
	}
	w, m := begin(t, t.TempDir())
	if err := w.Complete(m); err != nil {
		t.Errorf("on an empty directory: %v", err)
	}
}

func TestDamageIsNamed(t *testing.T) {
	t.Parallel()
	for name, harm := range map[string]func(path string) error{
		"truncated": func(path string) error { return os.Truncate(path, 20) },
		"missing":   os.Remove,
		"a bit": func(path string) error {
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			text[len(text)/2] ^= 1
			return os.WriteFile(path, text, 0o600)
		},
	} {
		dir := complete(t)
		must(t, harm(filepath.Join(dir, "B")))
		b, err := Open(dir)
		must(t, err)
		if err := b.Check(t.Context(), nil); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), filepath.Join(dir, "B")) {
			t.Errorf("%s: %v", name, err)
		}
		dir = complete(t)
		must(t, harm(filepath.Join(dir, manifestName)))
		if _, err := Open(dir); !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrIncomplete) {
			t.Errorf("%s, the manifest: %v", name, err)
		}
	}
}

func TestABackupOfANewerFormatIsRefused(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "backup")
	w, _ := begin(t, dir)
	manifest, err := w.write(manifestName, []byte(`{"format":2,"streams":"in another form"}`))
	must(t, err)
	_, err = w.write(sumsName, []byte(manifest.SHA256+"  "+manifestName+"\n"))
	must(t, err)
	must(t, os.Rename(w.temp, dir))
	if _, err := Open(dir); !errors.Is(err, ErrNewer) || !strings.Contains(err.Error(), "format 2") {
		t.Errorf("%v", err)
	}
}
