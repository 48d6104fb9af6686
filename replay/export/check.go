package export

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/rollcall-xmpp/rollcall/events"
)

// A Trust is what somebody who checks an export knows from elsewhere. Without it the
// check tells that the directory is in itself what one export has written.
type Trust struct {
	Key  ed25519.PublicKey // that it must be signed with; nil: any
	Line string            // the hash of a line that it must have, as an earlier check gave it; "": none
}

// A Checked is what a check has found.
type Checked struct {
	Head     Head
	To       events.Seq // up to which it is sealed
	Line     string     // hash of the newest line, for a later check's Trust
	PreLine  string     // that of the manifest of connections; "": there is none
	Segments int
	Files    int
	Rows     uint64
	Records  uint64
	Missing  uint64 // records that the log had forgotten
	Damaged  uint64 // records that can't be decoded
	Removed  int    // files that were kept for as long as they were to be, and are gone
	Open     int    // files of the hour that goes on, which nobody has signed
	Faults   []string
}

// Check compares an export with its manifest. It needs neither the service nor the key
// that signs. Files that are not as they were written are in Faults; an error is of the
// file system, of ctx, or wraps ErrManifest, if the manifest itself is not what an export
// has written. That the newest lines and their files are all there it can't tell without
// Trust.
func Check(ctx context.Context, dir string, trust Trust) (*Checked, error) {
	c := checker{dir: dir, known: map[string]bool{manifestName: true, lockName: true}, removed: map[string]bool{}, seen: trust.Line == ""}
	if err := c.manifest(ctx, manifestName, trust); err != nil {
		return nil, fmt.Errorf("check: %w", err)
	}
	if _, err := os.Stat(filepath.Join(dir, preManifestName)); err == nil || c.found.Head.Pre {
		log := c.found
		c.found, c.known[preManifestName] = Checked{Faults: log.Faults}, true
		if err := c.manifest(ctx, preManifestName, trust); err != nil {
			return nil, fmt.Errorf("check: %w", err)
		}
		c.found = log.with(c.found)
	}
	if !c.seen {
		c.fault("there is no line %s: a manifest was cut, or is another", trust.Line)
	}
	if err := c.strays(); err != nil {
		return nil, fmt.Errorf("check: %w", err)
	}
	return &c.found, nil
}

// with adds what was found of connections.
func (c Checked) with(pre Checked) Checked {
	c.PreLine, c.Faults = pre.Line, pre.Faults
	c.Segments += pre.Segments
	c.Files += pre.Files
	c.Rows += pre.Rows
	c.Records += pre.Records
	c.Missing += pre.Missing
	c.Removed += pre.Removed
	c.Damaged += pre.Damaged
	return c
}

type checker struct {
	dir     string
	known   map[string]bool // the files that there may be
	files   []File          // of the manifest that is being checked
	removed map[string]bool // those that were kept for long enough
	state   *File           // of the newest segment
	seen    bool            // the line that is trusted
	found   Checked
}

func (c *checker) fault(format string, args ...any) {
	c.found.Faults = append(c.found.Faults, fmt.Sprintf(format, args...))
}

// manifest goes through the lines, and looks at the files of each.
func (c *checker) manifest(ctx context.Context, name string, trust Trust) error {
	text, err := os.ReadFile(filepath.Join(c.dir, name))
	if err != nil {
		return err
	}
	if !bytes.HasSuffix(text, []byte("\n")) {
		return fmt.Errorf("%w: its last line is not whole", ErrManifest)
	}
	c.state = nil
	for e, err := range entries(text, &c.found.Line) {
		if err != nil {
			return err
		}
		c.seen = c.seen || c.found.Line == trust.Line
		if e.Head != nil {
			c.found.Head = *e.Head
			if trust.Key != nil && e.Head.Key != textOfKey(trust.Key) {
				c.fault("it is signed with another key, %s", e.Head.Key)
			}
			continue
		}
		if e.Removed != nil {
			for _, file := range e.Removed.Files {
				c.removed[file] = true
			}
			continue
		}
		c.segment(e.Segment)
	}
	for _, f := range c.files {
		if err := errors.Join(ctx.Err(), c.file(f)); err != nil {
			return err
		}
	}
	c.files = nil
	if f := c.state; f != nil {
		c.known[f.Path] = true
		return c.file(*f)
	}
	return nil
}

func (c *checker) segment(s *Segment) {
	c.found.Segments++
	c.found.To = s.To
	c.found.Records += s.Records
	c.found.Missing += s.Missing
	c.found.Damaged += s.Damaged
	c.state = s.State
	for _, f := range s.Files {
		c.found.Files++
		c.found.Rows += f.Rows
		c.known[f.Path] = true
	}
	c.files = append(c.files, s.Files...)
}

// file compares a file with its line in the manifest.
func (c *checker) file(f File) error {
	if !filepath.IsLocal(f.Path) {
		c.fault("%s is outside", f.Path)
		return nil
	}
	file, err := os.Open(filepath.Join(c.dir, filepath.FromSlash(f.Path)))
	if errors.Is(err, fs.ErrNotExist) && c.removed[f.Path] {
		c.found.Removed++
		return nil
	}
	if errors.Is(err, fs.ErrNotExist) {
		c.fault("%s is missing", f.Path)
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close()
	sum := sha256.New()
	if n, err := io.Copy(sum, file); err != nil {
		return err
	} else if n != f.Bytes || hex.EncodeToString(sum.Sum(nil)) != f.SHA256 {
		c.fault("%s is not what was written", f.Path)
	}
	return nil
}

// strays finds the files that the manifest does not know.
func (c *checker) strays() error {
	return filepath.WalkDir(c.dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		name, err := filepath.Rel(c.dir, path)
		if err != nil {
			return err
		}
		switch name = filepath.ToSlash(name); {
		case strings.HasPrefix(name, workName+"/"):
			c.fault("%s is left of an export that was killed, or is one that is at work", name)
		case strings.Contains(filepath.Base(name), "-open."):
			c.found.Open++
		case !c.known[name]:
			c.fault("%s is not in the manifest", name)
		}
		return nil
	})
}

// ReadPublicKey reads a key to trust: base64 as a check prints it, or a file that has it, or
// that has the private key.
func ReadPublicKey(text string) (ed25519.PublicKey, error) {
	if key, err := publicKeyText(text).key(); err == nil {
		return key, nil
	}
	data, err := os.ReadFile(text)
	if err != nil {
		return nil, fmt.Errorf("key: %w", err)
	}
	if key, err := publicKeyText(strings.TrimSpace(string(data))).key(); err == nil {
		return key, nil
	}
	key, err := LoadKey(text)
	if err != nil {
		return nil, err
	}
	return key.Public().(ed25519.PublicKey), nil
}
