package main

import (
	"context"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// newMan writes the manual pages, for packages of the program.
func newMan(con *console) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "man DIR",
		Short: "Write a manual page of each verb into a directory",
		Long: "Write a manual page of each verb, rollcall-VERB.1, into a directory. Their date\n" +
			"is that of the commit that the program was built from. There is no --json: what\n" +
			"it makes are the pages.",
		Example: "  rollcall man /usr/local/share/man/man1",
		Hidden:  true,
		Args:    arguments(1, 1),
	}
	cmd.ValidArgsFunction = completeFiles
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return verb(func(context.Context, []string) error { return writePages(cmd.Root(), args[0]) })(cmd, args)
	}
	return cmd
}

// writePages writes the pages of a command and of those below it. The same build
// writes the same bytes.
func writePages(root *cobra.Command, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	b := thisBuild()
	date, err := time.Parse(time.RFC3339, b.Date)
	if err != nil {
		date = time.Unix(0, 0).UTC()
	}
	root.DisableAutoGenTag = true
	return doc.GenManTree(root, &doc.GenManHeader{Section: "1", Date: &date, Source: "rollcall " + b.Version, Manual: "Rollcall"}, dir)
}
