package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/settings"
)

// newConfigPrint prints a configuration as a file.
func newConfigPrint(con *console) *cobra.Command {
	var defaults, asJSON bool
	cmd := &cobra.Command{
		Use:   "print [FILE]",
		Short: "Print a configuration, and where each value comes from",
		Long: "Print what rollcall up --config FILE would run with here, as a file: each value,\n" +
			"and whether it comes from the environment (ROLLCALL_*), from a line of the file,\n" +
			"or is the default; then the sections of the file. Without FILE, ROLLCALL_CONFIG\n" +
			"names it. Secrets are left out. With --defaults, print a file to start from,\n" +
			"which explains every setting, those of sections too.",
		Example: "  rollcall config print /etc/rollcall.toml\n" +
			"  rollcall config print --defaults > rollcall.toml",
		Args: arguments(0, 1),
	}
	cmd.Flags().BoolVar(&defaults, "defaults", false, "print all settings with their defaults, as comments")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a line of JSON for each setting")
	cmd.MarkFlagsMutuallyExclusive("defaults", "json")
	cmd.ValidArgsFunction = completeFiles
	cmd.RunE = verb(func(_ context.Context, args []string) error {
		if defaults {
			cfg, up := blankConfig(nil)
			settings.PrintDefaults(con.out, up.Flags(), cfg.sections())
			return nil
		}
		cfg, up := blankConfig(args)
		if err := cfg.load(up.Flags(), os.Getenv); err != nil {
			return err
		}
		if asJSON {
			return printSettings(con, cfg.origins)
		}
		line := func(text, from string) { fmt.Fprintf(con.out, "%-48s # %s\n", text, from) }
		cfg.origins.Each(func(name, value, from string) { line(name+" = "+value, from) })
		cfg.origins.EachTable(func(head, from string, each func(func(name, value, from string))) {
			fmt.Fprintln(con.out)
			line(head, from)
			each(func(name, value, from string) { line(name+" = "+value, from) })
		})
		return nil
	})
	return cmd
}

// printSettings prints a line of JSON for each, those of sections with the section before
// their names.
func printSettings(con *console, o *settings.Origins) (err error) {
	print := func(name, value, from string) {
		err = errors.Join(err, json.NewEncoder(con.out).Encode(setting{name, json.RawMessage(value), from}))
	}
	o.Each(print)
	o.EachTable(func(head, _ string, each func(func(name, value, from string))) {
		each(func(name, value, from string) { print(strings.Trim(head, "[]")+"."+name, value, from) })
	})
	return err
}

// A setting is one as JSON. Its value may well be an empty text.
type setting struct {
	Name  string          `json:"name"`
	Value json.RawMessage `json:"value"`
	From  string          `json:"from"` // default, a variable, or FILE:LINE
}
