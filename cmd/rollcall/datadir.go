package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// A dataDir is the directory that a process keeps its things in: the embedded
// server's store, the self-signed certificate, and the instance id. One
// process at a time has it; the kernel gives the lock back at any death.
type dataDir struct {
	path string
	// instance tells this connector, over restarts, from another that wants
	// the same name: the same instance takes its lease over at once.
	instance string
	held     *os.File // the file of the instance id, locked
}

// errInUse: another process has the directory.
var errInUse = errors.New("in use by another process")

// openDataDir makes the directory if it isn't there, and locks it: whoever has the
// lock is the only one that lives of those that have used the instance id.
func openDataDir(path string) (*dataDir, error) {
	d := &dataDir{path: path}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	var err error
	if d.held, err = os.OpenFile(d.file("instance"), os.O_CREATE|os.O_RDWR, 0o600); err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	if err := syscall.Flock(int(d.held.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		d.close()
		return nil, fmt.Errorf("data directory %s: %w", path, errInUse)
	}
	if err := d.readInstance(); err != nil {
		d.close()
		return nil, fmt.Errorf("instance id: %w", err)
	}
	return d, nil
}

// restoringName is the directory in which a restore makes the streams. While it is
// there the data directory has none, and is not to get new ones.
const restoringName = "restoring"

// checkRestored fails if a restore was interrupted.
func (d *dataDir) checkRestored() error {
	if _, err := os.Stat(d.file(restoringName)); err == nil {
		return fmt.Errorf("a restore into %s is not complete; do it again (or remove %s)", d.path, d.file(restoringName))
	}
	return nil
}

// close gives the directory back.
func (d *dataDir) close() { d.held.Close() }

// file is the path of a file in the directory.
func (d *dataDir) file(name string) string { return filepath.Join(d.path, name) }

// readInstance reads the instance id from the locked file. At the first start,
// or where a crash has left none, it makes one.
func (d *dataDir) readInstance() error {
	var text [26]byte
	if _, err := d.held.ReadAt(text[:], 0); err == nil {
		if id, err := events.ParseID(string(text[:])); err == nil {
			d.instance = id.String()
			return nil
		}
	}
	d.instance = events.NewID(time.Now()).String()
	if _, err := d.held.WriteAt([]byte(d.instance+"\n"), 0); err != nil {
		return err
	}
	return errors.Join(d.held.Sync(), syncDir(d.path))
}

// writeFile writes a file whole or not at all. It is there after a power failure.
func writeFile(path string, data []byte, mode os.FileMode) error {
	temp := path + ".new"
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
