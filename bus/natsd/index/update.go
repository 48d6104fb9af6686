package index

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// ErrUnfit: the stream's index can't be brought up to date with certainty from
// the files on disk. Nothing was changed.
var ErrUnfit = errors.New("the index can't be brought up to date with certainty")

// Files beside a stream's blocks: the server's index, and one of ours; see [Keep].
const (
	indexName = "index.db"
	keptName  = "index.db.kept"
)

// Update brings the index of a stream up to date, whose directory is named, and
// returns how many records it had to read. No server may run on the directory, and
// everything that the last one wrote must be there: that holds after a process was
// killed, not after a power failure or for a copy. It needs as much memory as two
// or three indices, and as the subjects of the records that it reads.
func Update(dir string) (records int, err error) {
	u, err := open(dir)
	if err != nil {
		return 0, err
	}
	if err := u.begin(); err != nil {
		return 0, err
	}
	if err := u.read(); err != nil {
		return u.records, err
	}
	if err := u.cut(); err != nil || u.records == 0 {
		return u.records, err
	}
	return u.records, u.write(indexName)
}

// Keep writes an index of the blocks that are complete, while a server runs, where
// a later Update finds it. It is for a stream with more than a million subjects,
// whose index the server itself writes only when it stops.
func Keep(dir string) (records int, err error) {
	u, err := open(dir)
	if err != nil {
		return 0, err
	}
	u.files = u.files[:len(u.files)-1]
	if err := u.begin(); err != nil || len(u.files) == 0 {
		return 0, err
	}
	if u.least > u.index.last {
		return 0, fmt.Errorf("%w: records of its index are gone", ErrUnfit)
	}
	if err := u.read(); err != nil || u.records == 0 {
		return 0, err
	}
	if u.torn >= 0 {
		return 0, fmt.Errorf("%w: a block is not complete", ErrUnfit)
	}
	return u.records, u.write(keptName)
}

// An update is an index that grows by the records that are read.
type update struct {
	dir, stream string
	files       []uint64 // numbers of the blocks that there are, ascending
	index       *index
	least       uint64            // the newest sequence that the stream is known to have given
	next        int               // of files: the first one that is to be read
	subjects    map[string]*count // of the records that were read
	records     int
	buf         []byte // of the block that is read
	torn        int64  // length of the newest block's file without a record that is half there, or -1
	empty       bool   // the newest block has no record
}

// open looks which blocks there are.
func open(dir string) (*update, error) {
	name, err := readSettings(dir)
	if err != nil {
		return nil, err
	}
	u := &update{dir: filepath.Join(dir, "msgs"), stream: name, subjects: make(map[string]*count), torn: -1}
	if u.files, err = list(u.dir); err != nil {
		return nil, err
	}
	if len(u.files) == 0 {
		return nil, fmt.Errorf("%w: it has no blocks", ErrUnfit)
	}
	return u, nil
}

// list returns the numbers of the blocks in a directory.
func list(dir string) (numbers []uint64, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		digits, ok := strings.CutSuffix(e.Name(), ".blk")
		if n, err := strconv.ParseUint(digits, 10, 32); ok && err == nil {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return numbers, nil
}

// begin takes the newest index that is there and fits, and otherwise one without
// records, so that all blocks are read.
func (u *update) begin() error {
	u.index = &index{}
	for _, name := range []string{indexName, keptName} {
		buf, err := os.ReadFile(filepath.Join(u.dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			return err
		}
		x, err := decode(u.stream, buf)
		if errors.Is(err, ErrUnfit) {
			continue
		} else if err != nil {
			return err
		}
		u.least = max(u.least, x.last)
		if x.last > u.index.last && u.fits(x) {
			u.index, u.next = x, len(x.blocks)-1
		}
	}
	return nil
}

// fits reports whether the blocks of an index are there and as long as it says.
// Some of the first one may be gone without the file being shorter.
func (u *update) fits(x *index) bool {
	if x.msgs == 0 || len(u.files) < len(x.blocks) {
		return false
	}
	for i, b := range x.blocks {
		info, err := os.Stat(blockFile(u.dir, b.number))
		if err != nil || b.number != u.files[i] {
			return false
		}
		size, inner := uint64(info.Size()), i > 0 && i < len(x.blocks)-1
		if size < b.bytes || inner && size != b.bytes {
			return false
		}
	}
	return true
}

// read reads the records of the blocks that the index may not cover.
func (u *update) read() error {
	for i := u.next; i < len(u.files); i++ {
		last := i == len(u.files)-1
		whole, err := u.addBlock(u.files[i])
		if errors.Is(err, errTorn) && last {
			u.torn = whole
		} else if errors.Is(err, errTorn) {
			return fmt.Errorf("%w: %d.blk: %w", ErrUnfit, u.files[i], err)
		} else if err != nil {
			return err
		}
		if u.empty = whole == 0; u.empty && !last {
			return fmt.Errorf("%w: %d.blk is empty", ErrUnfit, u.files[i])
		}
	}
	if u.index.msgs == 0 || u.index.last < u.least {
		return fmt.Errorf("%w: records are missing at its end", ErrUnfit)
	}
	return nil
}

// addBlock adds what a block has beyond the index. Of the newest block that the
// index knows it reads over all that is covered, to see that this is what the
// index says.
func (u *update) addBlock(number uint64) (whole int64, err error) {
	x := u.index
	known := x.last
	n := len(x.blocks)
	again := n > 0 && x.blocks[n-1].number == number
	found := !again
	if u.buf, err = readBlock(u.dir, number, u.buf); err != nil {
		return 0, err
	}
	whole, err = scan(u.buf, u.stream, number, func(r *record) error {
		switch {
		case again && r.seq < known:
			return nil
		case again && r.seq == known:
			if found = bytes.Equal(r.checksum, x.checksum[:]); !found {
				return fmt.Errorf("%w: record %d is not that of its index", ErrUnfit, r.seq)
			}
			return nil
		case x.msgs > 0 && r.seq != x.last+1, r.seq == 0, r.seq >= marked:
			return fmt.Errorf("%w: record %d follows %d", ErrUnfit, r.seq, x.last)
		}
		u.add(number, r)
		return nil
	})
	if !found && (err == nil || errors.Is(err, errTorn)) {
		err = fmt.Errorf("%w: record %d is missing", ErrUnfit, known)
	}
	return whole, err
}

// add puts a record after the newest one.
func (u *update) add(number uint64, r *record) {
	x := u.index
	n := len(x.blocks)
	if n == 0 || x.blocks[n-1].number != number {
		x.blocks = append(x.blocks, block{number: number, first: r.seq, firstTime: r.time})
		n++
	}
	b := &x.blocks[n-1]
	b.bytes += uint64(r.size)
	b.last, b.lastTime = r.seq, r.time
	if x.msgs == 0 {
		x.first, x.firstTime = r.seq, r.time
	}
	x.msgs++
	x.bytes += uint64(r.size)
	x.last, x.lastTime = r.seq, r.time
	copy(x.checksum[:], r.checksum)
	c := u.subjects[string(r.subject)]
	if c == nil {
		c = &count{first: number}
		u.subjects[string(r.subject)] = c
	}
	c.total++
	c.last = number
	u.records++
}

// write writes the index beside the one that there was, which it then replaces.
// Nothing is synced: after a power failure the server reads its blocks anyway.
func (u *update) write(name string) error {
	u.merge()
	buf, err := u.index.encode(u.stream)
	if err != nil {
		return err
	}
	next := filepath.Join(u.dir, name+".next")
	err = os.WriteFile(next, buf, 0o600)
	if err == nil {
		err = os.Rename(next, filepath.Join(u.dir, name))
	}
	if err != nil {
		os.Remove(next) // it may be what fills the disk
	}
	return err
}

// cut takes away what is not a record. A block without records is no block to the
// server, unless it is the only one.
func (u *update) cut() error {
	newest := blockFile(u.dir, u.files[len(u.files)-1])
	switch {
	case u.empty:
		return os.Remove(newest)
	case u.torn >= 0:
		return os.Truncate(newest, u.torn)
	}
	return nil
}

// merge puts the subjects of the records that were read into the index's table.
func (u *update) merge() {
	x := u.index
	table := make([]byte, 0, len(x.table)+64*len(u.subjects))
	r := &reader{buf: x.table}
	for range x.subjects {
		begin := r.buf
		name, n := r.subject()
		c := u.subjects[string(name)]
		if c == nil {
			table = append(table, begin[:len(begin)-len(r.buf)]...)
			continue
		}
		n.total, n.last = n.total+c.total, c.last
		table = n.append(table, name)
		delete(u.subjects, string(name))
	}
	x.subjects += len(u.subjects)
	for name, c := range u.subjects {
		table = c.append(table, []byte(name))
	}
	x.table = table
}
