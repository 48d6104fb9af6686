package settings

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/pflag"
)

// A Section is a kind of tables that a configuration file may have, as its owner
// declares it.
type Section struct {
	Kind  string // the part before the name in [users."example.org"]; no flag has this name
	Name  string // what the part after it is, as in DOMAIN
	Means string // what the section is for, in half a sentence
	// Define is called once for each table, in the order of the file, and defines its
	// keys: the table within it that ldap.url is in is [users."example.org".ldap].
	Define func(name string, keys *pflag.FlagSet)
	// Check is called when all keys of a table are set, and may be nil. Its error may
	// be joined from several, of which those that are a KeyError name the key's line.
	Check func(name string) error
}

// A filled table is one of a section, with the keys that the file gives it.
type filled struct {
	table
	flags *pflag.FlagSet
}

// A TableError is an error about a table that is seen when all of a configuration is known.
type TableError struct {
	Kind, Name string
	Err        error
}

func (e *TableError) Error() string { return fmt.Sprintf("[%s.%s] %v", e.Kind, quote(e.Name), e.Err) }

func (e *TableError) Unwrap() error { return e.Err }

// TableLine is where a table of a section begins; 0 if there is none.
func (o *Origins) TableLine(kind, name string) int {
	i := slices.IndexFunc(o.tables, func(t filled) bool { return t.kind == kind && t.name == name })
	if i < 0 {
		return 0
	}
	return o.tables[i].line
}

// EachTable calls do with every table of a section: its head, as in [users."example.org"], what
// the file gives it, and where that stands.
func (o *Origins) EachTable(do func(head, from string, each func(do func(name, value, from string)))) {
	for _, t := range o.tables {
		do("["+t.kind+"."+quote(t.name)+"]", fmt.Sprintf("%s:%d", o.path, t.line), func(do func(name, value, from string)) {
			for _, e := range t.keys {
				if f := t.flags.Lookup(e.name); f != nil && isSetting(f) {
					do(e.name, Shown(f), fmt.Sprintf("%s:%d", o.path, e.line))
				}
			}
		})
	}
}

// read gives all tables to the sections that they are of, and keeps them.
func (f *file) read(o *Origins, sections []Section) (faults []error) {
	for _, t := range f.tables {
		i := slices.IndexFunc(sections, func(s Section) bool { return s.Kind == t.kind })
		if i < 0 {
			kinds := make([]string, 0, len(sections))
			for _, s := range sections {
				kinds = append(kinds, s.Kind)
			}
			faults = append(faults, f.fault(t.line, fmt.Errorf("there is no section %s%s", t.kind, meant(t.kind, kinds))))
			continue
		}
		keys, wrong := f.readTable(&t, &sections[i])
		faults = append(faults, wrong...)
		o.tables = append(o.tables, filled{t, keys})
	}
	return faults
}

func (f *file) readTable(t *table, s *Section) (keys *pflag.FlagSet, faults []error) {
	keys = pflag.NewFlagSet(t.name, pflag.ContinueOnError)
	s.Define(t.name, keys)
	for _, e := range t.keys {
		if err := setKey(keys, e); err != nil {
			faults = append(faults, f.fault(e.line, err))
		}
	}
	if len(faults) > 0 || s.Check == nil {
		return keys, faults
	}
	for _, err := range Each(s.Check(t.name)) {
		at, wrong := t.line, new(KeyError)
		if errors.As(err, &wrong) {
			if i := slices.IndexFunc(t.keys, func(e entry) bool { return e.name == wrong.Key }); i >= 0 {
				at = t.keys[i].line
			}
		}
		faults = append(faults, f.fault(at, err))
	}
	return keys, faults
}

func (f *file) fault(line int, err error) error { return &Fault{File: f.path, Line: line, Err: err} }

// setKey gives the flag that a key is of its value.
func setKey(flags *pflag.FlagSet, e entry) error {
	f := flags.Lookup(e.name)
	if f == nil || !isSetting(f) {
		return fmt.Errorf("there is no setting %s%s", e.name, meant(e.name, keysOf(flags)))
	}
	return set(f, e.value)
}

// meant asks for the nearest name.
func meant(name string, all []string) string {
	if near := Nearest(name, all); near != "" {
		return "; did you mean " + near + "?"
	}
	return ""
}
