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

// read gives all tables to the sections that they are of.
func (f *file) read(sections []Section) (faults []error) {
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
		faults = append(faults, f.readTable(&t, &sections[i])...)
	}
	return faults
}

func (f *file) readTable(t *table, s *Section) (faults []error) {
	keys := pflag.NewFlagSet(t.name, pflag.ContinueOnError)
	s.Define(t.name, keys)
	for _, e := range t.keys {
		if err := setKey(keys, e); err != nil {
			faults = append(faults, f.fault(e.line, err))
		}
	}
	if len(faults) > 0 || s.Check == nil {
		return faults
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
	return faults
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
