package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/settings"
)

// newConfigCheck says all that is wrong with a configuration.
func newConfigCheck(con *console) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "check [FILE]",
		Short: "Say all that is wrong with a configuration",
		Long: "Check what rollcall up --config FILE would run with here, which is the file and\n" +
			"the environment (ROLLCALL_*). Each fault is a line, FILE:LINE: FAULT. The files\n" +
			"that it names must be there and readable, keys must fit their certificates, and\n" +
			"each domain must have one. Nothing is started, and nothing asked over the\n" +
			"network. Without FILE, ROLLCALL_CONFIG names it. Noted, and no fault, are names,\n" +
			"chains and ends of certificates that clients will not like, and a variable that\n" +
			"is no setting, for it may be another program's. The exit code is 0, or 1 if\n" +
			"something is wrong.",
		Example: "  rollcall config check /etc/rollcall.toml && systemctl restart rollcall",
		Args:    arguments(0, 1),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object, with the faults and the notes")
	cmd.ValidArgsFunction = completeFiles
	cmd.RunE = verb(func(_ context.Context, args []string) error {
		cfg, up := blankConfig(args)
		faults := settings.Each(cfg.loadAll(up.Flags(), os.Getenv))
		notes := strangers(os.Environ(), up.Flags())
		if unopened := cfg.located(cfg.openable()); len(unopened) > 0 {
			faults = append(faults, unopened...)
		} else {
			more, err := cfg.checkCerts()
			faults = append(faults, cfg.located(errors.Join(err, cfg.NATS.checkFiles()))...)
			notes = append(notes, more...)
		}
		if asJSON {
			if err := con.printJSON(viewCheck(faults, notes)); err != nil {
				return err
			}
		} else {
			showCheck(con, faults, notes)
		}
		if len(faults) > 0 {
			return errors.New(plural(len(faults), "fault"))
		}
		con.say("%s is fine", cfg.sources())
		return nil
	})
	return cmd
}

func showCheck(con *console, faults []error, notes []string) {
	for _, note := range notes {
		con.say("note: %s", note)
	}
	for _, fault := range faults {
		fmt.Fprintln(con.out, oneLine(fault))
	}
}

// A checkView is what is wrong with a configuration, as scripts see it.
type checkView struct {
	Faults []faultView `json:"faults"`
	Notes  []string    `json:"notes"` // of variables that are no settings, and of certificates
}

type faultView struct {
	File  *string `json:"file"` // null: it is of the environment, or of no file
	Line  *int    `json:"line"` // null: it is about no line
	Fault string  `json:"fault"`
}

func viewCheck(faults []error, notes []string) checkView {
	v := checkView{Faults: []faultView{}, Notes: append([]string{}, notes...)}
	for _, err := range faults {
		one := faultView{Fault: oneLine(err)}
		if f, ok := errors.AsType[*settings.Fault](err); ok {
			one.File, one.Fault = orNull(f.File), oneLine(f.Err)
			if f.Line > 0 {
				one.Line = &f.Line
			}
		}
		v.Faults = append(v.Faults, one)
	}
	return v
}

// sources are where a configuration is read from, in a few words.
func (c *Config) sources() string {
	if c.file == "" {
		return "the environment"
	}
	return c.file
}

// strangers tells of the variables that look like settings and are none. They are no faults:
// Kubernetes, say, sets some that begin with the name of a service.
func strangers(environ []string, flags *pflag.FlagSet) (notes []string) {
	prefix := settings.Variable("")
	known := []string{strings.TrimPrefix(passwordVariable, prefix)}
	flags.VisitAll(func(f *pflag.Flag) { known = append(known, strings.TrimPrefix(settings.Variable(f.Name), prefix)) })
	for _, pair := range environ {
		variable, value, _ := strings.Cut(pair, "=")
		name, ours := strings.CutPrefix(variable, prefix)
		if !ours || value == "" || slices.Contains(known, name) {
			continue
		}
		note := variable + " is no setting, and means nothing"
		if near := settings.Nearest(name, known); near != "" {
			note += "; did you mean " + prefix + near + "?"
		}
		notes = append(notes, note)
	}
	return notes
}

// openable reports the files and directories of a configuration that can't be opened, so
// that it is known before a service that runs is ended for one that can't start.
func (c *Config) openable() error {
	var faults []error
	for _, f := range []struct{ flag, path string }{
		{"cert", c.Cert}, {"key", c.Key}, {"certs", c.Certs},
		{"creds", c.NATS.creds}, {"nkey", c.NATS.nkey}, {"nats-passfile", c.NATS.passwordFile},
		{"nats-ca", c.NATS.ca}, {"nats-cert", c.NATS.cert}, {"nats-key", c.NATS.key},
	} {
		if f.path == "" {
			continue
		}
		file, err := os.Open(f.path)
		if err != nil {
			faults = append(faults, fmt.Errorf("--%s: %w", f.flag, err))
			continue
		}
		file.Close()
	}
	return errors.Join(faults...)
}
