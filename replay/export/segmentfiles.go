package export

import (
	"errors"
	"fmt"
	"io"

	"github.com/rollcall-xmpp/rollcall/events"
)

// A segment is the part of the log whose files are being written.
type segment struct {
	Segment
	place  place
	dir    *directory
	format string
	about  map[string]string
	parts  []*part
	prefix string // of the names of files
	places uint64 // sequences that there was a record at
}

// add makes a file of the segment, below a folder.
func (s *segment) add(folder string, columns []column) (*part, error) {
	p, err := s.dir.newPart(folder, func(out io.Writer) sink { return newSink(s.format, out, columns, s.about) })
	if err != nil {
		return nil, err
	}
	s.parts = append(s.parts, p)
	return p, nil
}

// count counts a record that belongs to the segment.
func (s *segment) count(it *item) {
	s.To = it.seq()
	s.Records++
	if it.first {
		s.places++
	}
	if it.poison != nil {
		s.Damaged++
	} else if _, unknown := it.st.Event.(events.Unknown); unknown {
		s.Unknown++
	}
}

// name is that of a file, without what it ends in.
func (s *segment) name(p *part) string {
	return fmt.Sprintf("%s%s%020d-", folderOf(p.folder, s.place.hour), s.prefix, s.From)
}

func (s *segment) openName(p *part) string { return s.name(p) + "open." + extension(s.format) }

// seal gives all files their names. Those of the same segment as it was while its hour
// went on are removed before, for a reader must not find a record twice.
func (s *segment) seal() error {
	s.Hour = hourTime(s.place.hour)
	s.Missing = uint64(s.To-s.From) + 1 - s.places
	for _, p := range s.parts {
		if err := p.finish(); err != nil {
			return err
		}
	}
	for _, p := range s.parts {
		path := fmt.Sprintf("%s%020d.%s", s.name(p), s.To, extension(s.format))
		s.Files = append(s.Files, p.describe(path))
		if err := errors.Join(s.dir.remove(s.openName(p)), s.dir.place(p.temp, path)); err != nil {
			return err
		}
	}
	return nil
}

// leaveOpen gives the files names that tell that the segment goes on.
func (s *segment) leaveOpen() error {
	for _, p := range s.parts {
		if err := errors.Join(p.finish(), s.dir.place(p.temp, s.openName(p))); err != nil {
			return err
		}
	}
	return nil
}

func (s *segment) abandon() {
	for _, p := range s.parts {
		p.abandon()
	}
}
