package settings

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"
)

// prefix is that of all variables.
const prefix = "ROLLCALL_"

// Variable is the name that a flag has in the environment.
func Variable(flag string) string {
	return prefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// A Request is what Load is to do.
type Request struct {
	Flags    *pflag.FlagSet // parsed
	Sections []Section
	Getenv   func(variable string) string
	Path     string // of the configuration file; "" for none
}

// Origins say where the values of flags come from. They are not changed once they
// are loaded.
type Origins struct {
	path  string
	lines map[string]int // of the flags that the file sets
	env   map[string]bool
	flags *pflag.FlagSet

	tables []filled // in the order of their lines
}

// Of is where a flag's value comes from: flag, default, a variable's name, or FILE:LINE.
func (o *Origins) Of(flag string) string {
	switch f := o.flags.Lookup(flag); {
	case o.env[flag]:
		return Variable(flag)
	case o.lines[flag] > 0:
		return fmt.Sprintf("%s:%d", o.path, o.lines[flag])
	case f != nil && f.Changed:
		return "flag"
	}
	return "default"
}

// Outranks reports that a's value comes from an earlier source than b's. Of two flags
// that exclude each other, it is the one that is meant.
func (o *Origins) Outranks(a, b string) bool { return o.rank(a) < o.rank(b) }

func (o *Origins) rank(flag string) int {
	switch from := o.Of(flag); {
	case from == "flag":
		return 0
	case o.env[flag]:
		return 1
	case o.lines[flag] > 0:
		return 2
	}
	return 3
}

// Line is the line of the file that sets a flag; 0 if none does, or if the value comes
// from elsewhere.
func (o *Origins) Line(flag string) int { return o.lines[flag] }

// Load gives the flags that the command line has not given their values, and the
// sections their tables. A flag that it sets counts as given (pflag.Flag.Changed).
// The error has all faults of the file and of the environment, in the order of the
// lines; with an error there are Origins, too, unless the file could not be read.
func Load(r Request) (*Origins, error) {
	o := &Origins{path: r.Path, lines: make(map[string]int), env: make(map[string]bool), flags: r.Flags}
	faults := o.readEnvironment(&r)
	if r.Path == "" {
		return o, Join(faults...)
	}
	f, err := readFile(r.Path)
	if err != nil {
		return nil, Join(append(faults, err)...)
	}
	faults = append(faults, f.faults...)
	for _, e := range f.keys {
		if flag := r.Flags.Lookup(e.name); flag != nil && flag.Changed && isSetting(flag) {
			// Something else comes first; what stands here must be right all the same.
			err = check(e, flag)
		} else if err = setKey(r.Flags, e); err == nil {
			o.lines[e.name] = e.line
		}
		if err != nil {
			faults = append(faults, f.fault(e.line, err))
		}
	}
	return o, Join(append(faults, f.read(o, r.Sections)...)...)
}

// readEnvironment sets flags by their variables.
func (o *Origins) readEnvironment(r *Request) (faults []error) {
	r.Flags.VisitAll(func(f *pflag.Flag) {
		text := r.Getenv(Variable(f.Name))
		if text == "" || f.Changed || !isSetting(f) {
			return
		}
		if err := give(f, text); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", Variable(f.Name), err))
			return
		}
		o.env[f.Name] = true
	})
	return faults
}

// check reports a value of the wrong type.
func check(e entry, f *pflag.Flag) error {
	want := wants(f)
	if _, ok := scalar(want, e.value); ok {
		return nil
	}
	if _, isArray := e.value.([]any); isArray && want == "list" {
		return nil
	}
	return fmt.Errorf("%s %s", e.name, mistakes[want])
}

// isSetting reports a flag that the environment and the file may set: not one that
// only says what to do with them, or that is not in the help.
func isSetting(f *pflag.Flag) bool { return f.Name != "help" && f.Name != "config" && !f.Hidden }

// keysOf lists the keys that a file may have.
func keysOf(flags *pflag.FlagSet) (all []string) {
	flags.VisitAll(func(f *pflag.Flag) {
		if isSetting(f) {
			all = append(all, f.Name)
		}
	})
	return all
}
