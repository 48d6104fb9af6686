package natsd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Streams lists the streams in a data directory that no server uses, by name. There
// are none if the directory isn't there.
func Streams(dataDir string) (names []string, err error) {
	streams, err := filepath.Glob(filepath.Join(dataDir, storeName, "jetstream", "*", "streams", "*"))
	for _, path := range streams {
		names = append(names, filepath.Base(path))
	}
	return names, err
}

// Install moves all streams of one data directory, whose server was shut down, into
// another on the same disk that has none and that no server uses. They are there as a
// whole or not at all, over a power failure too.
func Install(from, to string) error {
	lock, err := lockDir(to)
	if err != nil {
		return err
	}
	defer lock.Close()
	store := filepath.Join(from, storeName)
	if err := syncAll(store); err != nil {
		return fmt.Errorf("%w: %w", ErrUnwritable, err)
	}
	place := filepath.Join(to, storeName)
	if err := removeEmpty(place); err != nil {
		return fmt.Errorf("%w: %w", ErrUnwritable, err)
	}
	if err := errors.Join(os.Rename(store, place), syncPath(to)); err != nil {
		return fmt.Errorf("%w: %w", ErrUnwritable, err)
	}
	return nil
}

// removeEmpty removes the directories of a store without streams.
func removeEmpty(store string) error {
	names, err := Streams(filepath.Dir(store))
	switch {
	case err != nil:
		return err
	case len(names) > 0:
		return fmt.Errorf("%s: %w", store, fs.ErrExist)
	}
	return os.RemoveAll(store)
}

// syncAll makes sure that all files below a directory are on disk.
func syncAll(dir string) error {
	return filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return syncPath(path)
	})
}

func syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
