package lossy

import (
	"maps"
	"slices"
	"sync"
	"syscall"
)

// A Disk is one filesystem. It is safe for concurrent use.
type Disk struct {
	mu      sync.Mutex
	nodes   map[uint64]*node // guarded, with all that is in them; by number
	last    uint64           // guarded; the number given last
	journal map[*node]bool   // guarded; directories, and files that were cut off, since the journal was written
	broken  bool             // guarded; nothing is synced
}

// rootNumber is that of the uppermost directory, in FUSE too.
const rootNumber = 1

// A node is a file or a directory.
type node struct {
	number uint64

	entries, keptEntries map[string]*node // of a directory, as processes see it and as the journal has it

	data     []byte // of a file, as processes see it
	kept     []byte // what was synced of it
	unsynced []span // where the two differ
	cut      int    // the least length since the journal was written; -1 if it was not cut off
}

// A span is bytes of a file, from and up to.
type span struct{ from, to int }

func (n *node) isDir() bool { return n.entries != nil }

// NewDisk makes an empty disk.
func NewDisk() *Disk {
	d := &Disk{nodes: make(map[uint64]*node), journal: make(map[*node]bool)}
	d.newNode(true)
	return d
}

// newNode makes a node without a name. The caller holds the lock.
func (d *Disk) newNode(dir bool) *node {
	d.last++
	n := &node{number: d.last, cut: -1}
	if dir {
		n.entries, n.keptEntries = make(map[string]*node), make(map[string]*node)
	}
	d.nodes[n.number] = n
	return n
}

// find returns a directory's entry. The caller holds the lock.
func (d *Disk) find(dir uint64, name string) (parent, n *node, err syscall.Errno) {
	parent = d.nodes[dir]
	if parent == nil || !parent.isDir() {
		return nil, nil, syscall.ENOTDIR
	}
	if n = parent.entries[name]; n == nil {
		return parent, nil, syscall.ENOENT
	}
	return parent, n, 0
}

// create makes a file or a directory.
func (d *Disk) create(dir uint64, name string, isDir bool) (*node, syscall.Errno) {
	d.mu.Lock()
	defer d.mu.Unlock()
	parent, n, err := d.find(dir, name)
	if err == 0 {
		return n, syscall.EEXIST
	} else if err != syscall.ENOENT {
		return nil, err
	}
	n = d.newNode(isDir)
	parent.entries[name] = n
	d.journal[parent] = true
	return n, 0
}

// remove takes an entry away. Whoever has the file open can go on with it.
func (d *Disk) remove(dir uint64, name string) syscall.Errno {
	d.mu.Lock()
	defer d.mu.Unlock()
	parent, n, err := d.find(dir, name)
	if err != 0 {
		return err
	}
	if n.isDir() && len(n.entries) > 0 {
		return syscall.ENOTEMPTY
	}
	delete(parent.entries, name)
	d.journal[parent] = true
	return 0
}

// rename gives a node another name, and takes it from whatever had it.
func (d *Disk) rename(dir uint64, name string, toDir uint64, toName string) syscall.Errno {
	d.mu.Lock()
	defer d.mu.Unlock()
	parent, n, err := d.find(dir, name)
	if err != 0 {
		return err
	}
	to, _, err := d.find(toDir, toName)
	if to == nil {
		return err
	}
	delete(parent.entries, name)
	to.entries[toName] = n
	d.journal[parent], d.journal[to] = true, true
	return 0
}

func (d *Disk) write(n *node, off int, data []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n.resize(max(len(n.data), off+len(data)))
	copy(n.data[off:], data)
	n.unsynced = append(n.unsynced, span{off, off + len(data)})
}

func (d *Disk) read(n *node, off int, buf []byte) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	if off >= len(n.data) {
		return 0
	}
	return copy(buf, n.data[off:])
}

// truncate changes a file's length.
func (d *Disk) truncate(n *node, size int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if size < len(n.data) {
		if n.cut < 0 || size < n.cut {
			n.cut = size
		}
		d.journal[n] = true
	} else {
		n.unsynced = append(n.unsynced, span{len(n.data), size})
	}
	n.resize(size)
}

// resize changes the length of the data. The caller holds the lock.
func (n *node) resize(size int) { n.data = resize(n.data, size) }

// resize cuts b off or appends zeros.
func resize(b []byte, size int) []byte {
	if size <= len(b) {
		return b[:size]
	}
	was := len(b)
	for cap(b) < size {
		b = append(b[:cap(b)], 0)
	}
	b = b[:size]
	clear(b[was:])
	return b
}

// Break makes every sync from now on fail. Data that is written can be read all the
// same.
func (d *Disk) Break() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.broken = true
}

// sync makes a file's data last, and with it the journal, or of a directory only
// that.
func (d *Disk) sync(n *node) syscall.Errno {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.broken {
		return syscall.EIO
	}
	d.writeJournal()
	for _, s := range n.unsynced {
		n.keep(s)
	}
	n.unsynced = nil
	return 0
}

// keep copies a span to the data that are kept, as far as it is still there.
func (n *node) keep(s span) {
	if s.to = min(s.to, len(n.data)); s.from < s.to {
		n.kept = resize(n.kept, max(len(n.kept), s.to))
		copy(n.kept[s.from:s.to], n.data[s.from:s.to])
	}
}

// writeJournal makes names and ends of files last. The caller holds the lock.
func (d *Disk) writeJournal() {
	for n := range d.journal {
		if n.isDir() {
			n.keptEntries = maps.Clone(n.entries)
		} else {
			n.kept = resize(n.kept, min(len(n.kept), n.cut))
			n.cut = -1
		}
	}
	clear(d.journal)
}

// An entry is a node with the name that a directory has for it.
type entry struct {
	name string
	node *node
}

func (e entry) mode() uint32 {
	if e.node.isDir() {
		return syscall.S_IFDIR
	}
	return syscall.S_IFREG
}

// list returns a directory's entries by their names.
func (d *Disk) list(dir *node) (all []entry) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(dir.entries)) {
		all = append(all, entry{name, dir.entries[name]})
	}
	return all
}
