package settings

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// maxFile bounds a configuration file, in bytes: a larger one is another file.
const maxFile = 1 << 20

// A file is a configuration file that was read.
type file struct {
	path   string
	keys   []entry // those of flags, in the order of their lines
	tables []table // sections, likewise
	faults []error // of lines that are neither
}

// An entry is a key with its value.
type entry struct {
	name  string // within its table; levels below that are joined by dots
	line  int
	value any // as package toml decodes it to an any; never a table
}

// A table is one section: [kind.name].
type table struct {
	kind, name string
	line       int
	keys       []entry
}

// readFile reads a file. An error is a [Fault].
func readFile(path string) (*file, error) {
	info, err := os.Stat(path)
	if err == nil && info.Size() > maxFile {
		err = fmt.Errorf("%d bytes are no configuration", info.Size())
	}
	if err != nil {
		return nil, &Fault{File: path, Err: bare(err)}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, &Fault{File: path, Err: bare(err)}
	}
	return parse(path, string(text))
}

// bare is an error of the file system without the file's name, which comes before it.
func bare(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

func parse(path, text string) (*file, error) {
	var top map[string]toml.Primitive
	md, err := toml.Decode(text, &top)
	var wrong toml.ParseError
	switch {
	case errors.As(err, &wrong):
		return nil, &Fault{File: path, Line: wrong.Position.Line, Err: errors.New(wrong.Message)}
	case err != nil:
		return nil, &Fault{File: path, Err: err}
	}
	w := walker{md: &md, file: &file{path: path}}
	for name, p := range top {
		e := w.look(name, p)
		if _, ok := e.value.(map[string]any); ok {
			w.section(name, p)
			continue
		}
		w.file.keys = append(w.file.keys, e)
	}
	byLine(w.file.keys)
	slices.SortFunc(w.file.tables, func(a, b table) int {
		return cmp.Or(cmp.Compare(a.line, b.line), strings.Compare(a.name, b.name))
	})
	return w.file, nil
}

// A walker finds the tables of a file, and where everything stands.
type walker struct {
	md   *toml.MetaData
	file *file
}

// A looker refuses every value, which makes package toml say where the value stands.
type looker struct{ value any }

var errLooked = errors.New("seen")

// UnmarshalTOML takes the value.
func (l *looker) UnmarshalTOML(value any) error {
	l.value = value
	return errLooked
}

func (w *walker) look(name string, p toml.Primitive) entry {
	var l looker
	var at toml.ParseError
	errors.As(w.md.PrimitiveDecode(p, &l), &at)
	return entry{name: name, line: at.Position.Line, value: l.value}
}

// within lists what a table has, in no order.
func (w *walker) within(p toml.Primitive) map[string]toml.Primitive {
	var all map[string]toml.Primitive
	if err := w.md.PrimitiveDecode(p, &all); err != nil {
		panic(fmt.Sprintf("settings: a table is none: %v", err))
	}
	return all
}

// section reads all tables of one kind.
func (w *walker) section(kind string, p toml.Primitive) {
	for name, p := range w.within(p) {
		e := w.look(name, p)
		if _, ok := e.value.(map[string]any); !ok {
			w.file.faults = append(w.file.faults, &Fault{File: w.file.path, Line: e.line, Err: fmt.Errorf(
				"%s stands in [%s], which needs a name: [%s.NAME]", name, kind, kind)})
			continue
		}
		t := table{kind: kind, name: name, line: e.line, keys: w.entries("", p)}
		byLine(t.keys)
		if t.line == 0 && len(t.keys) > 0 { // no header of its own
			t.line = t.keys[0].line
		}
		w.file.tables = append(w.file.tables, t)
	}
}

// entries are the keys of a table, with those of the tables within it.
func (w *walker) entries(prefix string, p toml.Primitive) (all []entry) {
	for name, p := range w.within(p) {
		e := w.look(prefix+name, p)
		if _, ok := e.value.(map[string]any); ok {
			all = append(all, w.entries(e.name+".", p)...)
			continue
		}
		all = append(all, e)
	}
	return all
}

func byLine(all []entry) {
	slices.SortFunc(all, func(a, b entry) int { return cmp.Or(cmp.Compare(a.line, b.line), strings.Compare(a.name, b.name)) })
}
