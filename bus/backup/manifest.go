package backup

import (
	"encoding/json"
	"errors"
	"time"
)

// Format is the version of the files that are written. One that is newer can't be
// read, for it may have what this build would leave out.
const Format = 1

// Errors of Create and Open, each wrapped with the path.
var (
	// ErrExists: there is something at the backup's place.
	ErrExists = errors.New("it exists and is not empty; name another directory")
	// ErrBusy: another process makes the same backup.
	ErrBusy = errors.New("another process is at it")
	// ErrIncomplete: the backup was not completed, or is none.
	ErrIncomplete = errors.New("not a complete backup")
	// ErrNewer: a newer build made it.
	ErrNewer = errors.New("made by a newer rollcall")
	// ErrDamaged: a file is not what was written.
	ErrDamaged = errors.New("damaged")
)

// A Manifest says what a backup is of.
type Manifest struct {
	Format   int       `json:"format"`
	Version  string    `json:"version"` // of the build that made it; "" if that was not recorded
	Server   string    `json:"server"`  // version of the NATS server
	Started  time.Time `json:"started"`
	Finished time.Time `json:"finished"`
	Streams  []Stream  `json:"streams"` // in the order in which they were taken
	// Removed are accounts that were removed while the backup was made: of these
	// it may have some documents and not others.
	Removed []string `json:"removed,omitempty"`
}

// A Stream is one in a backup.
type Stream struct {
	Name     string          `json:"name"`
	Config   json.RawMessage `json:"config"` // as the server gave it
	Created  time.Time       `json:"created"`
	First    uint64          `json:"first_seq"`
	Last     uint64          `json:"last_seq"` // of the snapshot, or of the changes if there are any
	Messages uint64          `json:"messages"` // in the snapshot
	Bytes    uint64          `json:"bytes"`    // that they take in the stream
	Oldest   time.Time       `json:"oldest"`   // when the first of them was stored; zero: there is none
	Snapshot *File           `json:"snapshot,omitempty"`
	// Changes has what was stored while the snapshot was taken, of a stream whose
	// snapshot lacks whatever was replaced meanwhile.
	Changes *File `json:"changes,omitempty"`
}

// A File is one of the directory.
type File struct {
	Name   string `json:"file"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"` // in hex
}

// Size is that of all files but the manifest, in bytes.
func (m *Manifest) Size() (n int64) {
	for _, f := range m.files() {
		n += f.Size
	}
	return n
}

// Stream finds a stream by its name; nil if the backup has none.
func (m *Manifest) Stream(name string) *Stream {
	for i := range m.Streams {
		if m.Streams[i].Name == name {
			return &m.Streams[i]
		}
	}
	return nil
}

func (m *Manifest) files() (all []*File) {
	for _, s := range m.Streams {
		for _, f := range []*File{s.Snapshot, s.Changes} {
			if f != nil {
				all = append(all, f)
			}
		}
	}
	return all
}
