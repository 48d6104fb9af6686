package lossy

import (
	"bytes"
	"maps"
	"math/rand/v2"
	"slices"
	"syscall"
	"testing"
)

// A desk is a disk with a file that the tests work on.
type desk struct {
	*Disk
	t    *testing.T
	file *node
}

func newDesk(t *testing.T) *desk {
	d := &desk{Disk: NewDisk(), t: t}
	d.file = d.make("file")
	return d
}

func (d *desk) make(name string) *node {
	d.t.Helper()
	n, err := d.create(rootNumber, name, false)
	if err != 0 {
		d.t.Fatal(err)
	}
	return n
}

// wants checks what a power failure leaves of some files, and that there are no
// others.
func (d *desk) wants(files map[string]string) {
	d.t.Helper()
	left := make(map[string]string)
	for path, data := range d.Left(nil) {
		if data != nil {
			left[path] = string(data)
		}
	}
	if !maps.Equal(left, files) {
		d.t.Errorf("there are %q left, not %q", left, files)
	}
}

func TestABrokenDiskSyncsNothing(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.write(d.file, 0, []byte("one"))
	d.sync(d.file)
	d.Break()
	d.write(d.file, 3, []byte("two"))
	if err := d.sync(d.file); err != syscall.EIO {
		t.Errorf("a sync ends with %v", err)
	}
	d.wants(map[string]string{"file": "one"})
}

func TestOnlyWhatWasSyncedIsLeft(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.wants(nil)
	d.write(d.file, 0, []byte("one"))
	d.wants(nil)
	d.sync(d.file)
	d.write(d.file, 3, []byte("two"))
	d.wants(map[string]string{"file": "one"})
	d.sync(d.file)
	d.wants(map[string]string{"file": "onetwo"})
}

func TestWhateverIsSyncedTakesTheNamesAlong(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.write(d.file, 0, []byte("data"))
	d.sync(d.make("other"))
	d.wants(map[string]string{"file": "", "other": ""})
}

func TestANameIsAsTheJournalHasIt(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.write(d.file, 0, []byte("old"))
	d.sync(d.file)
	next := d.make("next")
	d.write(next, 0, []byte("new"))
	if err := d.rename(rootNumber, "next", rootNumber, "file"); err != 0 {
		t.Fatal(err)
	}
	d.wants(map[string]string{"file": "old"})
	d.sync(d.nodes[rootNumber])
	d.wants(map[string]string{"file": ""})
	d.sync(next)
	d.wants(map[string]string{"file": "new"})
	if err := d.remove(rootNumber, "file"); err != 0 {
		t.Fatal(err)
	}
	d.wants(map[string]string{"file": "new"})
	d.sync(d.nodes[rootNumber])
	d.wants(nil)
}

func TestAFileIsCutOffByTheJournal(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.write(d.file, 0, []byte("something"))
	d.sync(d.file)
	d.truncate(d.file, 0)
	d.write(d.file, 0, []byte("other"))
	d.wants(map[string]string{"file": "something"})
	d.sync(d.nodes[rootNumber])
	d.wants(map[string]string{"file": ""})
	d.sync(d.file)
	d.wants(map[string]string{"file": "other"})
}

// Pages for which strays decide lie between those that were synced and those
// that processes see.
func TestStraysLeavePagesThatWereNotSynced(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.write(d.file, 0, bytes.Repeat([]byte{1}, 3*page))
	d.sync(d.file)
	d.write(d.file, 3*page, bytes.Repeat([]byte{2}, 3*page))
	seen := make(map[string]bool)
	for seed := range uint64(1000) {
		left := d.Left(rand.New(rand.NewPCG(0, seed)))["file"]
		if len(left)%page != 0 || !bytes.Equal(left[:3*page], d.file.data[:3*page]) {
			t.Fatalf("%d bytes are left", len(left))
		}
		shape := ""
		for i := 3 * page; i < len(left); i += page {
			if slices.Contains([]byte{0, 2}, left[i]) && bytes.Count(left[i:i+page], left[i:i+1]) == page {
				shape += string('0' + left[i])
			} else {
				t.Fatal("a page is torn")
			}
		}
		seen[shape] = true
	}
	for _, shape := range []string{"", "2", "22", "222", "02", "002", "022", "202"} {
		if !seen[shape] {
			t.Errorf("never left: %q", shape)
		}
	}
}
