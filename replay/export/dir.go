package export

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"syscall"
)

const (
	lockName     = ".lock"
	workName     = ".work" // where files are written until they are whole
	manifestName = "MANIFEST.ndjson"
)

// ErrInUse: another export is at work in the directory.
var ErrInUse = errors.New("another export is at work there")

// A directory is where an export is kept. One process at a time has it; the kernel gives
// the lock back at any death. A file has its name when it is whole and on the disk.
type directory struct {
	path string
	lock *os.File
}

func openDirectory(path string) (*directory, error) {
	if err := os.MkdirAll(path, 0o700); err != nil { // who else may read it is not for us to say
		return nil, err
	}
	d := &directory{path: path}
	var err error
	if d.lock, err = os.OpenFile(d.file(lockName), os.O_CREATE|os.O_RDWR, 0o644); err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(d.lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		d.lock.Close()
		return nil, fmt.Errorf("%s: %w", path, ErrInUse)
	}
	if err := errors.Join(d.clearWork(), os.Mkdir(d.file(workName), 0o755)); err != nil {
		d.lock.Close()
		return nil, err
	}
	return d, nil
}

// clearWork removes what a killed process was writing.
func (d *directory) clearWork() error { return os.RemoveAll(d.file(workName)) }

// close gives the directory back, with nothing in it but the export.
func (d *directory) close() error { return errors.Join(d.clearWork(), d.lock.Close()) }

// file is the path of a file in the directory.
func (d *directory) file(name string) string { return filepath.Join(d.path, filepath.FromSlash(name)) }

// place gives a file in the work directory, which is on the disk, its name.
func (d *directory) place(temp, name string) error {
	to := d.file(name)
	if err := d.makeParents(filepath.Dir(to)); err != nil {
		return err
	}
	if err := os.Rename(temp, to); err != nil {
		return err
	}
	return syncDir(filepath.Dir(to))
}

// write writes a file whole.
func (d *directory) write(name string, data []byte) error {
	to := d.file(name)
	if err := d.makeParents(filepath.Dir(to)); err != nil {
		return err
	}
	return replaceFile(to, d.file(workName+"/file"), data, 0o644)
}

// clearStates removes all states but one.
func (d *directory) clearStates(but *File) error {
	list, err := filepath.Glob(d.file(stateFolder + "*"))
	if err != nil {
		return err
	}
	for _, path := range list {
		if but == nil || path != d.file(but.Path) {
			if err := os.Remove(path); err != nil {
				return err
			}
		}
	}
	return nil
}

// makeParents makes the folders of a file, and has their names last.
func (d *directory) makeParents(path string) error {
	if _, err := os.Stat(path); err == nil || path == d.path {
		return err
	}
	if err := d.makeParents(filepath.Dir(path)); err != nil {
		return err
	}
	if err := os.Mkdir(path, 0o755); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// remove removes a file that may be there.
func (d *directory) remove(name string) error {
	err := os.Remove(d.file(name))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// removeEmpty removes a folder, and those above it, as far as they are empty.
func (d *directory) removeEmpty(name string) {
	for name != "." && os.Remove(d.file(name)) == nil {
		name = path.Dir(name)
	}
}

// replaceFile writes a file whole or not at all. It is there after a power failure.
func replaceFile(path, temp string, data []byte, mode os.FileMode) error {
	f, err := os.OpenFile(temp, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(temp, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes the names in a directory last.
func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
