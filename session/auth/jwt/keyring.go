package jwt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// A keyring has the keys of now.
type keyring interface {
	// keys are all that there are; kid says which one is wanted, "" for any.
	keys(ctx context.Context, kid string) ([]key, error)
}

// keyring is the one that the configuration names.
func (c *Config) keyring() (keyring, error) {
	files := []struct {
		name, path string
		parse      func([]byte) ([]key, error)
	}{
		{"secret-file", c.SecretFile, func(text []byte) ([]key, error) { return one(bytes.TrimRight(text, "\r\n"), nil) }},
		{"key-file", c.KeyFile, func(text []byte) ([]key, error) { return one(parsePEM(text)) }},
		{"jwks-file", c.JWKSFile, parseSet},
	}
	var rings []keyring
	for _, f := range files {
		if f.path == "" {
			continue
		}
		ring, err := newKeyFile(f.path, f.parse, c.Logger)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.name, err)
		}
		rings = append(rings, ring)
	}
	if c.JWKSURL.URL != "" {
		ring, err := newRemoteKeys(c.JWKSURL, c.Logger)
		if err != nil {
			return nil, fmt.Errorf("jwks-url: %w", err)
		}
		rings = append(rings, ring)
	}
	if len(rings) != 1 {
		return nil, errors.New("give one of secret-file, key-file, jwks-file and jwks-url")
	}
	return rings[0], nil
}

// one is a set of one key without an id.
func one[T any](material T, err error) ([]key, error) {
	if err != nil {
		return nil, err
	}
	k, err := newKey("", material)
	return []key{k}, err
}

const (
	lookEvery = time.Second // at a file, at most
	maxFile   = 1 << 20     // bytes, of a file or of the answer of a URL
)

// A keyFile reads its file again when it has changed. One that can't be read, or is only
// half written, leaves the keys before in use.
type keyFile struct {
	path  string
	parse func([]byte) ([]key, error)
	log   *slog.Logger
	now   atomic.Pointer[[]key]

	mu       sync.Mutex // held by whoever looks at the file
	looked   time.Time  // guarded; when that was done last
	modified time.Time  // guarded; as it was then
	size     int64      // guarded
}

func newKeyFile(path string, parse func([]byte) ([]key, error), log *slog.Logger) (*keyFile, error) {
	f := &keyFile{path: path, parse: parse, log: log}
	f.looked = time.Now()
	f.changed()
	return f, f.read()
}

func (f *keyFile) keys(context.Context, string) ([]key, error) {
	if f.mu.TryLock() {
		if now := time.Now(); now.Sub(f.looked) >= lookEvery {
			f.looked = now
			if f.changed() {
				if err := f.read(); err != nil {
					f.log.Warn("the changed keys can't be used; those before stay in use", "file", f.path, "error", err)
				}
			}
		}
		f.mu.Unlock()
	}
	return *f.now.Load(), nil
}

// changed reports that the file is another than at the last look. The caller holds mu.
func (f *keyFile) changed() bool {
	info, err := os.Stat(f.path)
	if err != nil || info.ModTime().Equal(f.modified) && info.Size() == f.size {
		return false
	}
	f.modified, f.size = info.ModTime(), info.Size()
	return true
}

func (f *keyFile) read() error {
	file, err := os.Open(f.path)
	if err != nil {
		return err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxFile))
	if err != nil {
		return err
	}
	all, err := f.parse(text)
	if err != nil {
		return fmt.Errorf("%s: %w", f.path, err)
	}
	f.now.Store(&all)
	return nil
}
