package natsd

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// streamFiles are the files of one stream, as nats-server 2.15 keeps them: its
// settings in the stream's directory, and below it in msgs the blocks 1.blk, 2.blk
// and so on. Messages are appended to the newest block. A block becomes a new file
// when the server removes from it what was deleted, and goes when nothing is left.
type streamFiles struct {
	root  string // everything below it, and that it is there itself, is made sure of
	dir   string // of the stream
	fsync func(*os.File) error

	mu       sync.Mutex
	newest   *os.File               // guarded; the block that was the newest when it was looked for
	number   uint64                 // guarded; its number
	known    map[uint64]fs.FileInfo // guarded; the blocks that were synced, by number
	changed  time.Time              // guarded; when msgs had changed when it was looked through
	settings fs.FileInfo            // guarded; as they were synced
	failed   error                  // guarded; stays
}

const blockSuffix = ".blk"

func (f *streamFiles) messages() string { return filepath.Join(f.dir, "msgs") }
func (f *streamFiles) block(n uint64) string {
	return filepath.Join(f.messages(), strconv.FormatUint(n, 10)+blockSuffix)
}

// sync syncs what was written before. It reports an error that stays when it is new.
func (f *streamFiles) sync() (isNew bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.failed != nil {
		return false, f.failed
	}
	if f.newest != nil {
		err = f.syncFile(f.newest)
	}
	if err == nil && f.moved() {
		err = f.lookThrough()
	}
	return f.failed != nil, err
}

// syncFile syncs a file or directory. After a failure nothing is known of the data
// that were to be written, so that they stay.
func (f *streamFiles) syncFile(file *os.File) error {
	err := f.fsync(file)
	if err != nil {
		f.failed = err
	}
	return err
}

// moved reports that there may be blocks that were not synced. Two are looked for by
// name because the time of a directory stands still for some milliseconds.
func (f *streamFiles) moved() bool {
	if f.newest == nil {
		return true
	}
	dir, err := os.Stat(f.messages())
	if err != nil || !dir.ModTime().Equal(f.changed) {
		return true
	}
	if there, err := os.Stat(f.block(f.number)); err != nil || !os.SameFile(there, f.known[f.number]) {
		return true
	}
	_, err = os.Stat(f.block(f.number + 1))
	return err == nil
}

// lookThrough syncs the blocks that were not there when it was done last, and finds
// the newest.
func (f *streamFiles) lookThrough() error {
	dir, err := os.Open(f.messages())
	if err != nil {
		return err
	}
	defer dir.Close()
	before, err := dir.Stat() // what comes while it is read is found the next time
	if err != nil {
		return err
	}
	entries, err := dir.ReadDir(-1)
	if err != nil {
		return err
	}
	known := make(map[uint64]fs.FileInfo)
	newest := uint64(0)
	for _, e := range entries {
		n, ok := blockNumber(e.Name())
		if !ok {
			continue
		}
		there, err := f.syncBlock(n)
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed since
		}
		if err != nil {
			return err
		}
		known[n] = there
		newest = max(newest, n)
	}
	if err := f.syncFile(dir); err != nil {
		return err
	}
	if err := f.syncSettings(); err != nil {
		return err
	}
	return f.open(newest, known, before.ModTime())
}

// syncBlock syncs a block unless it is known, and returns which file it is.
func (f *streamFiles) syncBlock(n uint64) (fs.FileInfo, error) {
	path := f.block(n)
	there, err := os.Stat(path)
	if err != nil || f.known[n] != nil && os.SameFile(there, f.known[n]) {
		return there, err
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if err := f.syncFile(file); err != nil {
		return nil, err
	}
	return file.Stat()
}

// syncSettings syncs the stream's settings and all directories above it, unless
// they are known.
func (f *streamFiles) syncSettings() error {
	paths := []string{filepath.Join(f.dir, "meta.inf"), filepath.Join(f.dir, "meta.sum")}
	there, err := os.Stat(paths[0])
	if err != nil || f.settings != nil && os.SameFile(there, f.settings) {
		return err
	}
	for dir := f.dir; ; dir = filepath.Dir(dir) {
		paths = append(paths, dir)
		if dir == f.root || dir == filepath.Dir(dir) {
			paths = append(paths, filepath.Dir(dir))
			break
		}
	}
	for _, path := range paths {
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		err = f.syncFile(file)
		file.Close()
		if err != nil {
			return err
		}
	}
	f.settings = there
	return nil
}

// open makes a block the newest, unless it has gone meanwhile, which the next Sync
// finds out.
func (f *streamFiles) open(number uint64, known map[uint64]fs.FileInfo, changed time.Time) error {
	if f.newest != nil {
		f.newest.Close()
		f.newest = nil
	}
	f.known, f.number, f.changed = known, number, changed
	if number == 0 {
		return nil
	}
	file, err := os.Open(f.block(number))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	f.newest = file
	return err
}

func (f *streamFiles) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failed = errStopped
	if f.newest != nil {
		f.newest.Close()
		f.newest = nil
	}
}

func blockNumber(name string) (n uint64, ok bool) {
	text, ok := strings.CutSuffix(name, blockSuffix)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseUint(text, 10, 64)
	return n, err == nil
}
