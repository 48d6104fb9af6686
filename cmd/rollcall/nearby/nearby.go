package nearby

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Errors of Find.
var (
	// ErrNone: no entry is about the address.
	ErrNone = errors.New("no service of this user is known to listen there")
	// ErrNotOurs: a service listens there whose key is for somebody else.
	ErrNotOurs = errors.New("the service there is another user's")
)

// A Service is one that listens on this machine. The paths are absolute.
type Service struct {
	Key         string `json:"key"`                   // file with the seed of an nkey
	Certificate string `json:"certificate,omitempty"` // PEM file of the one that it shows, or directory of such; "": it has no TLS
	Entry       string `json:"-"`                     // file that says so; set by Find
}

// Announce puts on record that a service of this process listens at an address, host:port, and
// returns what ends that, if no other service has come there since.
func Announce(address string, s Service) (withdraw func(), err error) {
	text, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	var failed error
	for _, dir := range ownDirs() {
		if err := makeDir(dir); err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		tidy(dir, s.Key)
		path := filepath.Join(dir, address)
		if err := write(path, text); err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		return func() { remove(path, text) }, nil
	}
	return nil, fmt.Errorf("no directory to say in where the service listens: %w", failed)
}

// Find returns the service at the first of some servers' URLs, with commas between, that one is
// known of. It fails with ErrNone or ErrNotOurs.
func Find(urls string) (Service, error) {
	err := ErrNone
	for _, address := range addresses(urls) {
		for _, dir := range searched() {
			s, e := read(dir, address)
			if e == nil {
				e = s.readable()
			}
			if e == nil {
				return s, nil
			}
			if errors.Is(e, ErrNotOurs) {
				err = e
			}
		}
	}
	return Service{}, err
}

// read reads the entry about an address. One that is not to be believed isn't there.
func read(dir, address string) (s Service, err error) {
	if err := trusted(dir); err != nil {
		return s, err
	}
	path := filepath.Join(dir, address)
	if err := trusted(path); err != nil {
		return s, err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return s, err
	}
	s.Entry = path
	return s, json.Unmarshal(text, &s)
}

// readable finds out whether the key is for us. The entry is of whoever runs the service.
func (s *Service) readable() error {
	f, err := os.Open(s.Key)
	if errors.Is(err, os.ErrPermission) {
		return fmt.Errorf("%w: %s", ErrNotOurs, owner(s.Entry))
	}
	if err != nil {
		return err
	}
	return f.Close()
}

// tidy removes the entries of services that are no more: those whose key is gone, and those of
// a key that now has another address.
func tidy(dir, key string) {
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		s, err := read(dir, e.Name())
		if err != nil {
			continue
		}
		if _, err := os.Stat(s.Key); s.Key == key || errors.Is(err, os.ErrNotExist) {
			os.Remove(filepath.Join(dir, e.Name()))
		}
	}
}

// write writes a file whole or not at all.
func write(path string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "new")
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err := errors.Join(err, f.Chmod(0o644), f.Close()); err != nil {
		os.Remove(f.Name())
		return err
	}
	return os.Rename(f.Name(), path)
}

// remove removes an entry that still says this.
func remove(path string, text []byte) {
	if there, err := os.ReadFile(path); err == nil && string(there) == string(text) {
		os.Remove(path)
	}
}
