//go:build unix

package natsd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// lockDir makes the directory and takes its lock. The kernel releases it when
// the process ends, however it ends.
func lockDir(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnwritable, err)
	}
	f, err := os.OpenFile(filepath.Join(dir, lockName), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnwritable, err)
	}
	switch err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); {
	case errors.Is(err, syscall.EWOULDBLOCK):
		f.Close()
		return nil, fmt.Errorf("%w: %s", ErrLocked, dir)
	case err != nil:
		f.Close()
		return nil, fmt.Errorf("%w: lock %s: %w", ErrUnwritable, dir, err)
	}
	return f, nil
}

// storeLimit is three quarters of the space that the disk has free or the
// streams use already.
func storeLimit(dir string) int64 {
	free, err := freeOf(filepath.Dir(dir))
	if err != nil {
		return 1 << 30
	}
	return (free + size(dir)) / 4 * 3
}

// freeOf is how many bytes the disk of a directory has left for users like this one.
func freeOf(dir string) (int64, error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return 0, err
	}
	return int64(st.Bavail) * int64(st.Bsize), nil
}

// checkRoom finds out whether the disk takes writes again.
func checkRoom(dir string) error {
	free, err := freeOf(dir)
	if err != nil {
		return err
	}
	if free < minRoom {
		return fmt.Errorf("%d MiB free in %s, %d MiB wanted: %w", free>>20, dir, minRoom>>20, syscall.ENOSPC)
	}
	f, err := os.CreateTemp(dir, "room")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(make([]byte, 4<<10))
	return errors.Join(err, f.Sync(), f.Close())
}

// size is the sum of the files below dir. A file that vanishes meanwhile counts
// nothing.
func size(dir string) (sum int64) {
	filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return nil
		}
		if i, err := e.Info(); err == nil {
			sum += i.Size()
		}
		return nil
	})
	return sum
}

// checkSecret finds out whether others can read a file, or have put it there.
func checkSecret(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrKey, err)
	}
	if mode := info.Mode(); !mode.IsRegular() || mode.Perm()&0o077 != 0 {
		return fmt.Errorf("%w: others can use %s (mode %s); chmod 600 it, or remove it if they may have read it, and the next start makes another", ErrKey, f.Name(), mode)
	}
	if owner := info.Sys().(*syscall.Stat_t).Uid; int(owner) != os.Geteuid() && os.Geteuid() != 0 {
		return fmt.Errorf("%w: %s belongs to the user with the id %d", ErrKey, f.Name(), owner)
	}
	return nil
}

// checkDir finds out whether others could put their own files in the place of ours.
func checkDir(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrKey, err)
	}
	if mode := info.Mode(); mode.Perm()&0o002 != 0 && mode&os.ModeSticky == 0 {
		return fmt.Errorf("%w: everybody can write to %s (mode %s); chmod o-w it", ErrKey, dir, mode)
	}
	return nil
}
