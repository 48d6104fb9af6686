package main

import (
	"github.com/spf13/cobra"
)

// newConfig groups the verbs about the configuration of "rollcall up".
func newConfig(con *console) *cobra.Command {
	group := &cobra.Command{Use: "config", Short: "Check and print the configuration of rollcall up"}
	chooseOne(group)
	group.AddCommand(newConfigCheck(con), newConfigPrint(con))
	return group
}

// blankConfig is a configuration with the flags that set it. The file to load is the
// argument, if there is one.
func blankConfig(args []string) (*Config, *cobra.Command) {
	var cfg Config
	up := &cobra.Command{Use: "up"}
	defineUp(up, &cfg)
	if len(args) > 0 {
		cfg.file = args[0]
	}
	return &cfg, up
}
