package lossy

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// page is what the kernel writes as a whole, in bytes.
const page = 4 << 10

// Left returns what a power failure would leave at this moment: the directories by
// their paths, with nil, and the files with their contents. Of what was not synced
// nothing is left without strays, and otherwise as much as they decide.
func (d *Disk) Left(strays *rand.Rand) Remains {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := make(Remains)
	l := leaver{strays: strays, journal: strays != nil && strays.IntN(2) == 0}
	l.walk(d.nodes[rootNumber], ".", all)
	return all
}

// Remains are the directories and files of a disk.
type Remains map[string][]byte

// Write writes them below a directory.
func (r Remains) Write(dir string) error {
	for path, data := range r {
		path = filepath.Join(dir, path)
		if data == nil {
			if err := os.MkdirAll(path, 0o700); err != nil {
				return err
			}
			continue
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// A leaver decides what is left.
type leaver struct {
	strays  *rand.Rand
	journal bool // it was just written
}

func (l leaver) walk(n *node, path string, all Remains) {
	if !n.isDir() {
		all[path] = l.file(n)
		return
	}
	all[path] = nil
	entries := n.keptEntries
	if l.journal {
		entries = n.entries
	}
	for name, e := range entries {
		l.walk(e, filepath.Join(path, name), all)
	}
}

// file is what is left of a file, never nil.
func (l leaver) file(n *node) []byte {
	left := node{kept: bytes.Clone(n.kept), data: n.data}
	if l.journal && n.cut >= 0 {
		left.kept = resize(left.kept, min(len(left.kept), n.cut))
	}
	if l.strays == nil || n.cut >= 0 && !l.journal {
		return append([]byte{}, left.kept...)
	}
	of := l.strays.IntN(4) // the file's pages: none, all, or some
	for _, s := range n.unsynced {
		for from := s.from; from < s.to; from = from/page*page + page {
			if of == 0 || of > 1 && l.strays.IntN(2) == 0 {
				continue
			}
			left.keep(span{from, min(s.to, from/page*page+page)})
		}
	}
	return append([]byte{}, left.kept...)
}
