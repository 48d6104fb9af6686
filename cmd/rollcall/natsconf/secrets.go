package natsconf

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/nats-io/nkeys"
	"golang.org/x/crypto/bcrypt"
)

// secrets are what users show NATS, and by what it knows them.
type secrets struct {
	keys     map[string]string // public, by user
	password string            // of the user feed, hashed
}

// makeSecrets reads those that are in a directory, and makes the others. kept is how many
// were there.
func makeSecrets(dir string) (s *secrets, kept int, err error) {
	s = &secrets{keys: make(map[string]string)}
	for _, name := range append(userNames(), systemUser) {
		seed, had, err := keepOrMake(filepath.Join(dir, KeyFile(name)), newSeed)
		if err != nil {
			return nil, 0, err
		}
		key, err := nkeys.FromSeed([]byte(seed))
		if err != nil {
			return nil, 0, fmt.Errorf("%s: %w", KeyFile(name), err)
		}
		if s.keys[name], err = key.PublicKey(); err != nil {
			return nil, 0, fmt.Errorf("%s: %w", KeyFile(name), err)
		}
		if had {
			kept++
		}
	}
	password, had, err := keepOrMake(filepath.Join(dir, PasswordFile), func() (string, error) { return rand.Text(), nil })
	if err != nil {
		return nil, 0, err
	}
	if had {
		kept++
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.DefaultCost)
	s.password = string(hash)
	return s, kept, err
}

func userNames() (names []string) {
	for _, u := range users {
		names = append(names, u.Name)
	}
	return names
}

// keepOrMake returns what a file has, without its line's end, or makes it.
func keepOrMake(path string, fresh func() (string, error)) (text string, kept bool, err error) {
	have, err := os.ReadFile(path)
	if err == nil {
		return strings.TrimSpace(string(have)), true, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", false, err
	}
	if text, err = fresh(); err != nil {
		return "", false, err
	}
	return text, false, writeFile(path, []byte(text+"\n"), secretMode)
}

const (
	secretMode = 0o600
	publicMode = 0o644
)

// writeFile replaces a file as a whole.
func writeFile(path string, text []byte, mode fs.FileMode) error {
	fresh := path + ".new"
	if err := os.WriteFile(fresh, text, mode); err != nil {
		return err
	}
	return os.Rename(fresh, path)
}

func newSeed() (string, error) {
	key, err := nkeys.CreateUser()
	if err != nil {
		return "", err
	}
	seed, err := key.Seed()
	return string(seed), err
}

// exampleSecrets stand in a configuration that is only looked at.
func exampleSecrets() *secrets {
	s := &secrets{keys: make(map[string]string), password: "<made with " + PasswordFile + ">"}
	for _, name := range append(userNames(), systemUser) {
		s.keys[name] = "<made with " + KeyFile(name) + ">"
	}
	return s
}
