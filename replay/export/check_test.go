package export

import (
	"crypto/ed25519"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// exported is a directory of some hours, all of which are over.
func exported(t *testing.T) string {
	t.Helper()
	w := newWorld(t)
	w.days()
	w.later(2 * time.Hour)
	dir := t.TempDir()
	w.run(dir)
	return dir
}

// faulty reports that a check finds something.
func faulty(t *testing.T, dir string, trust Trust) bool {
	t.Helper()
	c, err := Check(t.Context(), dir, trust)
	if err != nil && !errors.Is(err, ErrManifest) {
		t.Fatal(err)
	}
	return err != nil || len(c.Faults) > 0
}

func TestAnExportIsAsItWasWritten(t *testing.T) {
	t.Parallel()
	dir := exported(t)
	c, err := Check(t.Context(), dir, Trust{Key: testKey.Public().(ed25519.PublicKey)})
	if err != nil || len(c.Faults) > 0 || c.Records != 74 || c.Damaged != 1 || c.Open != 0 || c.Files < 100 || c.To != 50 {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestNoBitCanBeChangedWithoutNotice(t *testing.T) {
	t.Parallel()
	dir := exported(t)
	random := rand.New(rand.NewPCG(3, 4))
	for name, text := range contents(t, dir) {
		tries := 1
		if strings.HasSuffix(name, ".ndjson") {
			tries = 30
		}
		for range min(tries, 8*len(text)) {
			changed := []byte(text)
			bit := random.IntN(8 * len(text))
			changed[bit/8] ^= 1 << (bit % 8)
			rewrite(t, dir, name, changed)
			if !faulty(t, dir, Trust{}) {
				t.Errorf("bit %d of %s", bit, name)
			}
		}
		rewrite(t, dir, name, []byte(text))
	}
	last := contents(t, dir)[manifestName] // of the newest line nobody else says what it was
	for bit := 8 * (len(last) - 300); bit < 8*len(last); bit += 37 {
		changed := []byte(last)
		changed[bit/8] ^= 1 << (bit % 8)
		rewrite(t, dir, manifestName, changed)
		if !faulty(t, dir, Trust{}) {
			t.Errorf("bit %d of the end of the manifest", bit)
		}
	}
}

func rewrite(t *testing.T, dir, name string, text []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestNoFileCanBeTakenOrPutInWithoutNotice(t *testing.T) {
	t.Parallel()
	dir := exported(t)
	var names []string
	all := contents(t, dir)
	for name := range all {
		if name != lockName && name != manifestName && name != preManifestName {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for i, name := range names {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
		if !faulty(t, dir, Trust{}) {
			t.Errorf("%s removed", name)
		}
		other := names[(i+1)%len(names)]
		if all[other] != all[name] {
			rewrite(t, dir, name, []byte(all[other]))
			if !faulty(t, dir, Trust{}) {
				t.Errorf("%s in the place of %s", other, name)
			}
		}
		rewrite(t, dir, name, []byte(all[name]))
	}
	rewrite(t, dir, "events/more.parquet", nil)
	if !faulty(t, dir, Trust{}) {
		t.Error("a file more")
	}
}

func TestNoLineCanBeTakenOrMovedWithoutNotice(t *testing.T) {
	t.Parallel()
	for _, name := range []string{manifestName, preManifestName} {
		dir := exported(t)
		noLine(t, dir, name)
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
		if _, err := Check(t.Context(), dir, Trust{}); err == nil {
			t.Errorf("all of %s removed", name)
		}
	}
}

func noLine(t *testing.T, dir, name string) {
	t.Helper()
	text := contents(t, dir)[name]
	lines := strings.SplitAfter(strings.TrimSuffix(text, "\n"), "\n")
	lines[len(lines)-1] += "\n"
	for i := range lines {
		rewrite(t, dir, name, []byte(strings.Join(slices.Delete(slices.Clone(lines), i, i+1), "")))
		if !faulty(t, dir, Trust{}) {
			t.Errorf("line %d removed", i+1)
		}
		swapped := slices.Clone(lines)
		swapped[i], swapped[(i+1)%len(lines)] = swapped[(i+1)%len(lines)], swapped[i]
		rewrite(t, dir, name, []byte(strings.Join(swapped, "")))
		if !faulty(t, dir, Trust{}) {
			t.Errorf("line %d moved", i+1)
		}
	}
	rewrite(t, dir, name, []byte(text))
}

// Whoever has the directory, but neither the key nor what an earlier check has said, can't
// pass another export for it, nor a part of it for the whole.
func TestWhatIsTrustedIsFromElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.days()
	dir := t.TempDir()
	w.run(dir)
	before, err := Check(t.Context(), dir, Trust{})
	if err != nil {
		t.Fatal(err)
	}
	w.later(2 * time.Hour)
	w.run(dir)
	if faulty(t, dir, Trust{Line: before.Line}) {
		t.Error("an export that went on")
	}
	after, err := Check(t.Context(), dir, Trust{})
	if err != nil {
		t.Fatal(err)
	}
	text := contents(t, dir)[manifestName]
	end := strings.LastIndexByte(strings.TrimSuffix(text, "\n"), '\n') + 1
	rewrite(t, dir, manifestName, []byte(text[:end]))
	if !faulty(t, dir, Trust{Line: after.Line}) {
		t.Error("an export whose end was cut off")
	}
	rewrite(t, dir, manifestName, []byte(text))
	_, another, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	if !faulty(t, dir, Trust{Key: another.Public().(ed25519.PublicKey)}) {
		t.Error("an export that was signed with another key")
	}
}
