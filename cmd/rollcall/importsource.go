package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"

	"github.com/rollcall-xmpp/rollcall/session/accounts/bundle"
	"github.com/rollcall-xmpp/rollcall/session/accounts/prosody"
	"github.com/rollcall-xmpp/rollcall/session/accounts/xep0227"
)

// accountsOf are accounts of another server, as packages prosody and xep0227 give them.
type accountsOf = iter.Seq2[*bundle.Bundle, error]

// openAccounts finds out what is at a path and begins to read it; done ends that.
func openAccounts(con *console, path string) (all accountsOf, done func(), err error) {
	if path == "-" {
		return xep0227.Read(con.in, nil), func() {}, nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, err
	}
	if !info.IsDir() {
		dir, err := os.OpenRoot(filepath.Dir(path))
		if err != nil {
			return nil, nil, err
		}
		return readFiles(dir, []string{filepath.Base(path)}), func() { dir.Close() }, nil
	}
	dir, err := os.OpenRoot(path)
	if err != nil {
		return nil, nil, err
	}
	if prosody.Holds(dir.FS()) {
		return prosody.Read(dir.FS()), func() { dir.Close() }, nil
	}
	files, err := fs.Glob(dir.FS(), "*.xml")
	if err == nil && len(files) == 0 {
		err = emptySource(dir.FS(), path)
	}
	if err != nil {
		return nil, nil, err
	}
	return readFiles(dir, files), func() { dir.Close() }, nil
}

// emptySource says what is missing in a directory.
func emptySource(dir fs.FS, path string) error {
	if found, _ := fs.Glob(dir, "*.sqlite"); len(found) > 0 {
		return fmt.Errorf("%s has a database, %s: have prosody-migrator write it into files (type = \"internal\"), and import those", path, found[0])
	}
	return fmt.Errorf("%s has neither *.xml, as ejabberdctl export_piefxis and prosody-migrator write them, nor HOST/accounts/USER.dat of Prosody", path)
}

// readFiles reads files of XEP-0227, each once, also if another one includes it. What
// they include is beside them. Of several, one that can't be read keeps no other from it.
func readFiles(dir *os.Root, names []string) accountsOf {
	read := map[string]bool{}
	open := func(name string) (io.ReadCloser, error) {
		if read[name] {
			return nil, nil
		}
		read[name] = true
		return dir.Open(name)
	}
	return func(yield func(*bundle.Bundle, error) bool) {
		for _, name := range names {
			for b, err := range readFile(name, open) {
				var refused *bundle.Refusal
				if err != nil && !errors.As(err, &refused) && len(names) > 1 {
					err = &bundle.Refusal{Account: name, Reason: err}
				}
				if !yield(b, err) {
					return
				}
			}
		}
	}
}

func readFile(name string, open func(string) (io.ReadCloser, error)) accountsOf {
	return func(yield func(*bundle.Bundle, error) bool) {
		f, err := open(name)
		if err != nil {
			yield(nil, err)
			return
		}
		if f == nil {
			return
		}
		defer f.Close()
		xep0227.Read(f, open)(yield)
	}
}
