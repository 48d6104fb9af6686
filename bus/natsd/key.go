package natsd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/nats-io/nkeys"
)

// keyName is the file, in the data directory, of the seed by which the server knows its own.
const keyName = "nats.nk"

// ErrKey: the file of the key can't be used. Its text says what to do.
var ErrKey = errors.New("the key of the embedded NATS can't be used")

// KeyFile is the path of the file with the key of a data directory: whoever can read it is let
// in. It is made by the first Start.
func KeyFile(dataDir string) string { return filepath.Join(dataDir, keyName) }

// loadKey reads the key, or makes it. The directory is locked, so that nobody else does.
func loadKey(dataDir string) (nkeys.KeyPair, error) {
	path := KeyFile(dataDir)
	if err := checkDir(dataDir); err != nil {
		return nil, err
	}
	key, err := ReadKey(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if key, err = nkeys.CreateUser(); err != nil {
		return nil, err
	}
	seed, err := key.Seed()
	if err != nil {
		return nil, err
	}
	if err := writeKey(path, append(seed, '\n')); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnwritable, err)
	}
	return key, nil
}

// ReadKey reads a key that nobody but its owner can. It fails with ErrKey, or fs.ErrNotExist.
func ReadKey(path string) (nkeys.KeyPair, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	defer f.Close()
	if err := checkSecret(f); err != nil {
		return nil, err
	}
	seed := make([]byte, 128) // a seed has 58
	n, _ := f.Read(seed)
	key, err := nkeys.ParseDecoratedNKey(seed[:n])
	if err != nil {
		return nil, fmt.Errorf("%w: %s has no seed of an nkey; remove it, and the next start makes another", ErrKey, path)
	}
	return key, nil
}

// writeKey writes a file whole or not at all. It is there after a power failure.
func writeKey(path string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), keyName) // with the mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		os.Remove(f.Name())
		return err
	}
	return errors.Join(os.Rename(f.Name(), path), syncPath(filepath.Dir(path)))
}
