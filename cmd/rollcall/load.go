package main

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/settings"
)

// load gives all fields their values, from the flags, an environment and the
// configuration file, and checks them. The error is about one fault, and says how to
// see the others.
func (c *Config) load(flags *pflag.FlagSet, getenv func(string) string) error {
	err := c.loadAll(flags, getenv)
	faults := settings.Each(err)
	switch {
	case len(faults) == 0:
		return nil
	case len(faults) == 1:
		return usageError{faults[0]}
	}
	// Those of the command line are nowhere else to be seen.
	elsewhere := c.withoutFlags(getenv)
	others := len(elsewhere)
	if slices.Contains(elsewhere, faults[0].Error()) {
		others--
	}
	if c.file == "" || others == 0 {
		return usageError{err}
	}
	return usagef("%w, and %s: rollcall config check %s", faults[0], plural(others, "other fault"), c.file)
}

// withoutFlags are the faults that there are without the command line.
func (c *Config) withoutFlags(getenv func(string) string) (all []string) {
	cfg, up := blankConfig([]string{c.file}[:min(len(c.file), 1)])
	for _, fault := range settings.Each(cfg.loadAll(up.Flags(), getenv)) {
		all = append(all, fault.Error())
	}
	return all
}

// loadAll is load with an error that has all faults.
func (c *Config) loadAll(flags *pflag.FlagSet, getenv func(string) string) (err error) {
	if c.file == "" {
		c.file = getenv(settings.Variable("config"))
	}
	c.origins, err = settings.Load(settings.Request{
		Flags: flags, Sections: c.sections(), Path: c.file, Getenv: getenv,
	})
	if c.origins == nil {
		return err
	}
	return settings.Join(append(settings.Each(err), c.located(c.complete(flags.Changed))...)...)
}

// flagNamed finds the flag that an error names first.
var flagNamed = regexp.MustCompile(`--([a-z][a-z0-9-]*)`)

// located has each error that is about a flag begin with where that flag's value
// comes from, if it isn't the command line.
func (c *Config) located(err error) (all []error) {
	for _, e := range settings.Each(err) {
		if table, ok := errors.AsType[*settings.TableError](e); ok {
			all = append(all, &settings.Fault{File: c.file, Line: c.origins.TableLine(table.Kind, table.Name), Err: e})
			continue
		}
		if m := flagNamed.FindStringSubmatch(e.Error()); m != nil {
			e = c.at(m[1], e)
		}
		all = append(all, e)
	}
	return all
}

func (c *Config) at(flag string, err error) error {
	if line := c.origins.Line(flag); line > 0 {
		return &settings.Fault{File: c.file, Line: line, Err: err}
	}
	if from := c.origins.Of(flag); strings.HasPrefix(from, settings.Variable("")) {
		return fmt.Errorf("%s: %w", from, err)
	}
	return err
}
