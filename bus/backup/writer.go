package backup

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

const (
	manifestName = "manifest.json"
	sumsName     = "SHA256SUMS"
	partial      = ".partial"
	// syncEvery bytes are synced to disk: a backup as a whole, written by the kernel
	// when it likes, would hold up its own writer, and every other of the machine.
	syncEvery = 16 << 20
)

// A Writer makes a backup. It is used by one goroutine.
type Writer struct {
	dir  string // where it will be
	temp string // where it is
	lock *os.File
	done bool
}

// Create begins a backup at dir, which must be empty or not be there. The remains
// of an earlier attempt are removed. Errors wrap ErrExists, ErrBusy or those of
// package os.
func Create(dir string) (*Writer, error) {
	dir = filepath.Clean(dir)
	if err := vacant(dir); err != nil {
		return nil, err
	}
	w := &Writer{dir: dir, temp: dir + partial}
	if err := os.MkdirAll(w.temp, 0o700); err != nil {
		return nil, err
	}
	var err error
	if w.lock, err = os.Open(w.temp); err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(w.lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		w.lock.Close()
		return nil, fmt.Errorf("%s: %w", w.temp, ErrBusy)
	}
	if err := empty(w.temp); err != nil {
		w.lock.Close()
		return nil, err
	}
	return w, nil
}

// vacant reports whether nothing would be lost at a path.
func vacant(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case errors.Is(err, syscall.ENOTDIR), err == nil && len(entries) > 0:
		return fmt.Errorf("%s: %w", dir, ErrExists)
	}
	return err
}

// empty removes what is in a directory.
func empty(dir string) error {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
	}
	return err
}

// File begins a file. The caller closes it before the next one.
func (w *Writer) File(name string) (*FileWriter, error) {
	f, err := os.OpenFile(filepath.Join(w.temp, name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	return &FileWriter{f: f, name: name, sum: sha256.New()}, nil
}

// Complete writes the manifest and gives the backup its name, which it has when nil
// is returned, over a power failure too.
func (w *Writer) Complete(m *Manifest) error {
	m.Format = Format
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	manifest, err := w.write(manifestName, append(text, '\n'))
	if err != nil {
		return err
	}
	var sums strings.Builder
	for _, f := range append(m.files(), manifest) {
		fmt.Fprintf(&sums, "%s  %s\n", f.SHA256, f.Name)
	}
	if _, err := w.write(sumsName, []byte(sums.String())); err != nil {
		return err
	}
	if err := w.lock.Sync(); err != nil {
		return err
	}
	// An empty directory may be in the place.
	if err := os.Remove(w.dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Rename(w.temp, w.dir); err != nil {
		return err
	}
	w.done = true
	w.lock.Close()
	return syncDir(filepath.Dir(w.dir))
}

// write writes a whole file.
func (w *Writer) write(name string, text []byte) (*File, error) {
	f, err := w.File(name)
	if err != nil {
		return nil, err
	}
	f.Write(text) // Close tells
	return f.Close()
}

// Abort removes what was written. After Complete it does nothing.
func (w *Writer) Abort() {
	if !w.done {
		w.done = true
		os.RemoveAll(w.temp)
		w.lock.Close()
	}
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// A FileWriter writes a file of a backup. After an error all that follows fails with it.
type FileWriter struct {
	f        *os.File
	name     string
	sum      hash.Hash
	size     int64
	unsynced int64
	err      error
}

// Write implements io.Writer.
func (f *FileWriter) Write(p []byte) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	n, err := f.f.Write(p)
	f.sum.Write(p[:n])
	f.size += int64(n)
	if f.unsynced += int64(n); err == nil && f.unsynced >= syncEvery {
		f.unsynced = 0
		err = f.f.Sync()
	}
	f.err = err
	return n, err
}

// Close makes sure that the file is on disk and says what it is.
func (f *FileWriter) Close() (*File, error) {
	if f.err == nil {
		f.err = f.f.Sync()
	}
	if err := errors.Join(f.err, f.f.Close()); err != nil {
		return nil, err
	}
	return &File{Name: f.name, Size: f.size, SHA256: hex.EncodeToString(f.sum.Sum(nil))}, nil
}
