package natsd

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
)

// How an acknowledged message gets to the disk. The server writes a message to the
// file of the stream's newest block before it acknowledges it, and its own
// SyncAlways then syncs that file for each message, one after the other. Here the
// server only writes, and whoever has an acknowledgement calls Sync, which serves
// everybody who had one before. Meanwhile the server goes on writing.
//
// At its next start the server finds the longest run of whole messages in
// each file, so a message that was synced is there, and of those written after it
// as many as the disk had.

// errStopped: a Sync after Shutdown.
var errStopped = errors.New("the server has stopped")

// Sync puts on disk what the server has acknowledged of a stream. If that fails,
// nobody can find out whether what waited for it is on disk, for the system forgets
// what it could not write: from then on Sync fails for the stream until a server is
// started anew. It is safe for concurrent use; calls for one stream wait for each
// other, so callers share one (see package commit).
func (s *Server) Sync(stream string) error {
	f, err := s.files.of(stream)
	if err != nil {
		return err
	}
	isNew, err := f.sync()
	if isNew {
		s.log.Errorf("sync failed, stream %s: %s", stream, err)
	}
	return err
}

// allFiles are the files of the streams that were synced.
type allFiles struct {
	root  string // of the data directory
	dir   string // holds a directory for each stream
	fsync func(*os.File) error

	mu      sync.Mutex
	streams map[string]*streamFiles // guarded; nil after close
}

func newAllFiles(dataDir string) *allFiles {
	return &allFiles{
		root:    filepath.Clean(dataDir),
		dir:     filepath.Join(dataDir, storeName, "jetstream", "$G", "streams"),
		fsync:   (*os.File).Sync,
		streams: make(map[string]*streamFiles),
	}
}

func (a *allFiles) of(stream string) (*streamFiles, error) {
	if stream == "" || stream != filepath.Base(stream) || stream == ".." || stream == "." {
		return nil, errors.New("not a name of a stream")
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.streams == nil {
		return nil, errStopped
	}
	f := a.streams[stream]
	if f == nil {
		f = &streamFiles{root: a.root, dir: filepath.Join(a.dir, stream), fsync: a.fsync}
		a.streams[stream] = f
	}
	return f, nil
}

func (a *allFiles) close() {
	a.mu.Lock()
	streams := a.streams
	a.streams = nil
	a.mu.Unlock()
	for _, f := range streams {
		f.close()
	}
}
