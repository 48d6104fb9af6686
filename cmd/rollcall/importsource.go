package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"

	"github.com/rollcall-xmpp/rollcall/session/accounts/bundle"
	"github.com/rollcall-xmpp/rollcall/session/accounts/prosody"
	"github.com/rollcall-xmpp/rollcall/session/accounts/xep0227"
)

// accountsOf are accounts of another server, as packages prosody and xep0227 give them.
type accountsOf = iter.Seq2[*bundle.Bundle, error]

// A source is accounts that are about to be read.
type source struct {
	all   accountsOf
	total int     // of the accounts, as it seems; -1: nobody knows
	read  *amount // of files; nil where that says nothing
	close func()
}

// openAccounts finds out what is at a path and begins to read it.
func openAccounts(con *console, path string) (*source, error) {
	if path == "-" {
		return &source{all: unreadable(xep0227.Read(con.in, nil)), total: -1, close: func() {}}, nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		dir, err := os.OpenRoot(filepath.Dir(path))
		if err != nil {
			return nil, err
		}
		return openFiles(dir, []string{filepath.Base(path)}), nil
	}
	dir, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	if prosody.Holds(dir.FS()) {
		return &source{all: unreadable(prosody.Read(dir.FS())), total: prosody.Count(dir.FS()), close: func() { dir.Close() }}, nil
	}
	files, err := fs.Glob(dir.FS(), "*.xml")
	if err == nil && len(files) == 0 {
		err = emptySource(dir.FS(), path)
	}
	if err != nil {
		dir.Close()
		return nil, err
	}
	return openFiles(dir, files), nil
}

// A sourceError is of the files that are read: trying again is no use.
type sourceError struct{ error }

func (e sourceError) Unwrap() error { return e.error }

// unreadable marks the error by which reading ends.
func unreadable(all accountsOf) accountsOf {
	return func(yield func(*bundle.Bundle, error) bool) {
		for b, err := range all {
			if err != nil && !errors.As(err, new(*bundle.Refusal)) {
				err = sourceError{err}
			}
			if !yield(b, err) {
				return
			}
		}
	}
}

// An amount is of bytes that are read of all.
type amount struct{ done, all atomic.Int64 }

// percent is less than 100 until the end.
func (a *amount) percent() int {
	return int(min(99, 100*a.done.Load()/max(a.all.Load(), 1)))
}

// A countedFile counts what is read of it.
type countedFile struct {
	*os.File
	of *amount
}

func (c countedFile) Read(p []byte) (int, error) {
	n, err := c.File.Read(p)
	c.of.done.Add(int64(n))
	return n, err
}

// openFiles is for files of XEP-0227.
func openFiles(dir *os.Root, names []string) *source {
	read := new(amount)
	return &source{all: unreadable(readFiles(dir, names, read)), total: -1, read: read, close: func() { dir.Close() }}
}

// emptySource says what is missing in a directory.
func emptySource(dir fs.FS, path string) error {
	if found, _ := fs.Glob(dir, "*.sqlite"); len(found) > 0 {
		return fmt.Errorf("%s has a database, %s: have prosody-migrator write it into files (type = \"internal\"), and import those", path, found[0])
	}
	return fmt.Errorf("%s has neither *.xml, as ejabberdctl export_piefxis and prosody-migrator write them, nor HOST/accounts/USER.dat of Prosody", path)
}

// readFiles reads files of XEP-0227, each once, also if another one includes it. The
// files that they include are beside them. Of several, one that can't be read keeps no
// other from it.
func readFiles(dir *os.Root, names []string, bytes *amount) accountsOf {
	size := func(name string) int64 {
		if info, err := dir.Stat(name); err == nil {
			return info.Size()
		}
		return 0
	}
	for _, name := range names {
		bytes.all.Add(size(name))
	}
	read := map[string]bool{}
	open := func(name string) (io.ReadCloser, error) {
		if read[name] {
			return nil, nil
		}
		read[name] = true
		if !slices.Contains(names, name) {
			bytes.all.Add(size(name))
		}
		f, err := dir.Open(name)
		if err != nil {
			return nil, err
		}
		return countedFile{f, bytes}, nil
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
