package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/settings"
)

// newConfigCheck says all that is wrong with a configuration.
func newConfigCheck(con *console) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check [FILE]",
		Short: "Say all that is wrong with a configuration",
		Long: "Check what rollcall up --config FILE would run with here, which is the file and\n" +
			"the environment (ROLLCALL_*). Each fault is a line, FILE:LINE: FAULT. Nothing is\n" +
			"started or opened. Without FILE, ROLLCALL_CONFIG names it. The exit code is 0,\n" +
			"or 1 if something is wrong.",
		Example: "  rollcall config check /etc/rollcall.toml && systemctl restart rollcall",
		Args:    arguments(0, 1),
	}
	cmd.ValidArgsFunction = completeFiles
	cmd.RunE = verb(func(_ context.Context, args []string) error {
		cfg, up := blankConfig(args)
		faults := settings.Each(cfg.loadAll(up.Flags(), os.Getenv))
		for _, fault := range faults {
			fmt.Fprintln(con.out, oneLine(fault))
		}
		if len(faults) > 0 {
			return errors.New(plural(len(faults), "fault"))
		}
		con.say("%s is fine", cfg.sources())
		return nil
	})
	return cmd
}

// sources are where a configuration is read from, in a few words.
func (c *Config) sources() string {
	if c.file == "" {
		return "the environment"
	}
	return c.file
}
