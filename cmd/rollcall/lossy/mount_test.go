package lossy

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Where a user may not mount anything, all that there is to see is that this is
// said.
func TestAMountedDiskIsAFilesystem(t *testing.T) {
	t.Parallel()
	d, dir := NewDisk(), t.TempDir()
	unmount, err := d.Mount(dir)
	if err != nil {
		t.Log("no FUSE:", err)
		return
	}
	defer unmount()
	file := filepath.Join(dir, "a", "b", "file")
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(file, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, step := range []struct {
		do         func() error
		seen, left string
	}{
		{func() error { _, err := f.WriteString("one"); return err }, "one", ""},
		{f.Sync, "one", "one"},
		{func() error { _, err := f.WriteString("two"); return err }, "onetwo", "one"},
		{func() error { return os.Rename(file, file) }, "onetwo", "one"},
		{func() error { return syncDir(filepath.Dir(file)) }, "onetwo", "one"},
		{f.Sync, "onetwo", "onetwo"},
		{func() error { return os.WriteFile(file, []byte("new"), 0o600) }, "new", "onetwo"},
		{func() error { return writeSynced(file, "newer") }, "newer", "newer"},
	} {
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		seen, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if left := d.Left(nil)["a/b/file"]; string(seen) != step.seen || string(left) != step.left {
			t.Fatalf("seen is %q, not %q, and left is %q, not %q", seen, step.seen, left, step.left)
		}
	}
	if names, err := filepath.Glob(filepath.Join(dir, "*", "*", "*")); err != nil || len(names) != 1 {
		t.Errorf("%q, %v", names, err)
	}
	if err := os.RemoveAll(filepath.Join(dir, "a")); err != nil {
		t.Error(err)
	}
}

// A process that outlived the test would keep the filesystem, without anybody who
// serves it.
func TestNoOtherProcessGetsTheConnection(t *testing.T) {
	t.Parallel()
	unmount, err := NewDisk().Mount(t.TempDir())
	if err != nil {
		t.Log("no FUSE:", err)
		return
	}
	defer unmount()
	open, err := exec.Command("ls", "-l", "/proc/self/fd").Output()
	if err != nil || bytes.Contains(open, []byte("/dev/fuse")) {
		t.Errorf("%v: a child has\n%s", err, open)
	}
}

func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

func writeSynced(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC|os.O_SYNC, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if e := f.Close(); err == nil {
		err = e
	}
	return err
}
