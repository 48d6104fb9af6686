package export

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// layout is the version of the content of a directory and its form.
const layout = 2

// Errors of a directory that an export can't go on with.
var (
	// ErrForeign: it holds an export of another log, or one that was begun with other
	// choices or another key.
	ErrForeign = errors.New("the directory has another export")
	// ErrManifest: its manifest is not what an export has written.
	ErrManifest = errors.New("the manifest is damaged")
)

// An entry is a line of the manifest. One of its parts is there.
type entry struct {
	Head     *Head    `json:"head,omitempty"`    // the first line
	Segment  *Segment `json:"segment,omitempty"` // any other,
	Removed  *Removed `json:"removed,omitempty"` // but for these
	Previous string   `json:"previous"`          // SHA-256 of the line before, without its end; "" in the first
}

// parts is how many of its parts are there.
func (e *entry) parts() (n int) {
	for _, is := range []bool{e.Head != nil, e.Segment != nil, e.Removed != nil} {
		if is {
			n++
		}
	}
	return n
}

// A Head says what an export is of. Whoever goes on with it must say the same.
type Head struct {
	Layout    int           `json:"layout"`
	Stream    string        `json:"stream"`
	Created   time.Time     `json:"created"` // of the stream
	After     events.Seq    `json:"after"`   // the record before the first that is exported
	Datasets  []string      `json:"datasets"`
	Classes   []string      `json:"classes"`
	Format    string        `json:"format"`
	Names     bool          `json:"names"`
	Addresses Addresses     `json:"addresses"`
	Pre       bool          `json:"pre"` // there is a manifest of connections too
	Key       publicKeyText `json:"key"` // that all lines are signed with
}

// A Segment is a part of the log that was exported whole.
type Segment struct {
	From    events.Seq `json:"from"`
	To      events.Seq `json:"to"`
	Hour    time.Time  `json:"hour"`
	Records uint64     `json:"records"`
	Missing uint64     `json:"missing"` // sequences from From to To that the log no longer had a record of
	Damaged uint64     `json:"damaged"` // records that can't be decoded
	Unknown uint64     `json:"unknown"` // records of kinds that were not known
	Files   []File     `json:"files"`
	State   *File      `json:"state,omitempty"` // of sessions that go on; only the newest one is kept
}

// A File is one of an export.
type File struct {
	Path   string `json:"path"` // from the directory, with slashes
	Rows   uint64 `json:"rows"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// Removed says which files have been kept for long enough. They are removed when this is
// written.
type Removed struct {
	Before time.Time `json:"before"` // they are of hours before this one
	Files  []string  `json:"files"`
}

// publicKeyText is an Ed25519 public key in base64.
type publicKeyText string

func textOfKey(key ed25519.PublicKey) publicKeyText {
	return publicKeyText(base64.StdEncoding.EncodeToString(key))
}

func (t publicKeyText) key() (ed25519.PublicKey, error) {
	raw, err := base64.StdEncoding.DecodeString(string(t))
	if err != nil || len(raw) != ed25519.PublicKeySize {
		return nil, fmt.Errorf("%w: its key is none", ErrManifest)
	}
	return raw, nil
}

// A line of the file is {"entry":E,"signature":S}, and S an Ed25519 signature of the
// bytes of E, which say what the line before was.
type line struct {
	Entry     json.RawMessage `json:"entry"`
	Signature []byte          `json:"signature"`
}

// A manifest is the record of the work that an export has done, and with that its
// checkpoint.
type manifest struct {
	head Head
	last Segment // zero: none yet
	hash string  // of the newest line
	key  ed25519.PrivateKey
	name string
	file *os.File

	files   keptFiles
	removed *Removed // newest; nil: none
}

// openManifest goes on with the directory's manifest, or begins it.
func openManifest(d *directory, name string, key ed25519.PrivateKey, want Head, begin func() (events.Seq, error)) (*manifest, error) {
	m := &manifest{key: key, name: name, files: keptFiles{}}
	data, err := os.ReadFile(d.file(m.name))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := d.isNew(name); err != nil {
			return nil, err
		}
		if want.After, err = begin(); err != nil {
			return nil, err
		}
		err = m.begin(d, want)
	case err == nil:
		err = m.resume(d, data, want)
	}
	if err != nil {
		return nil, err
	}
	if m.file, err = os.OpenFile(d.file(m.name), os.O_WRONLY|os.O_APPEND, 0); err != nil {
		return nil, err
	}
	return m, nil
}

// isNew fails if there is more than this process has made, where a manifest is to begin.
// That of connections begins after the log's, which is there for what else there is.
func (d *directory) isNew(name string) error {
	if name != manifestName {
		return nil
	}
	entries, err := os.ReadDir(d.path)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() != lockName && e.Name() != workName {
			return fmt.Errorf("%w: it has %s, and no %s", ErrForeign, e.Name(), manifestName)
		}
	}
	return nil
}

func (m *manifest) begin(d *directory, h Head) error {
	m.head = h
	text, err := m.text(entry{Head: &h})
	if err != nil {
		return err
	}
	return replaceFile(d.file(m.name), d.file(workName+"/manifest"), text, 0o644)
}

// resume takes what the file says. A last line that was cut short is of a segment that
// was not done, and goes.
func (m *manifest) resume(d *directory, data []byte, want Head) error {
	whole := data[:bytes.LastIndexByte(data, '\n')+1]
	for e, err := range entries(whole, &m.hash) {
		switch {
		case err != nil:
			return err
		case e.Head != nil:
			m.head = *e.Head
		case e.Segment != nil:
			m.last = *e.Segment
			m.files.add(e.Segment)
		default:
			m.files.remove(e.Removed)
			m.removed = e.Removed
		}
	}
	want.After = m.head.After
	if why := want.difference(m.head); why != "" {
		return fmt.Errorf("%w: %s", ErrForeign, why)
	}
	if len(whole) < len(data) {
		return os.Truncate(d.file(m.name), int64(len(whole)))
	}
	return nil
}

// difference says in words how another head is not the wanted one; "" if it is.
func (h Head) difference(is Head) string {
	switch {
	case is.Layout != h.Layout:
		return fmt.Sprintf("its layout is %d, not %d", is.Layout, h.Layout)
	case is.Stream != h.Stream || !is.Created.Equal(h.Created):
		return fmt.Sprintf("it is of the log %s made at %s, not of %s made at %s", is.Stream, is.Created, h.Stream, h.Created)
	case is.Key != h.Key:
		return "it was signed with another key"
	case slices.Equal(is.Datasets, h.Datasets) && slices.Equal(is.Classes, h.Classes) &&
		is.Format == h.Format && is.Names == h.Names && is.Addresses == h.Addresses && is.Pre == h.Pre:
		return ""
	}
	return fmt.Sprintf("it was begun with datasets %s, classes %s, format %s, names %t and addresses %s",
		is.Datasets, is.Classes, is.Format, is.Names, is.Addresses)
}

// add appends a segment: all of its files are in their places.
func (m *manifest) add(s Segment) error {
	m.last = s
	m.files.add(&s)
	return m.append(entry{Segment: &s})
}

// remove appends that files are removed.
func (m *manifest) remove(r Removed) error {
	m.files.remove(&r)
	return m.append(entry{Removed: &r})
}

func (m *manifest) append(e entry) error {
	e.Previous = m.hash
	text, err := m.text(e)
	if err != nil {
		return err
	}
	if _, err := m.file.Write(text); err != nil {
		return fmt.Errorf("manifest: %w", err)
	}
	return m.file.Sync()
}

// text is an entry as a line, which becomes the newest.
func (m *manifest) text(e entry) ([]byte, error) {
	raw, err := json.Marshal(e)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(line{Entry: raw, Signature: ed25519.Sign(m.key, raw)})
	m.hash = hashOf(text)
	return append(text, '\n'), err
}

func hashOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// reached is the sequence up to which all is exported, and the hour of it.
func (m *manifest) reached() (seq events.Seq, hour int64) {
	if m.last.To == 0 {
		return m.head.After, 0
	}
	return m.last.To, hourOf(m.last.Hour)
}

func (m *manifest) close() error { return m.file.Close() }
