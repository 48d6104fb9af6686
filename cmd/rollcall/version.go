package main

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// A build is what is known of how the program was built: as the Go tool recorded it,
// from the repository's commit and its tag. A field that was not recorded is "".
type build struct {
	Version  string `json:"version"`
	Commit   string `json:"commit"`
	Date     string `json:"date"`     // of the commit, RFC 3339
	Modified bool   `json:"modified"` // since the commit
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func thisBuild() build {
	b := build{Version: cmp.Or(version(), "(unknown)"), Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.time":
			b.Date = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	return b
}

// version is the program's, as it was built; "" if that was not recorded.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	return info.Main.Version
}

// newVersion says which build this is.
func newVersion(con *console) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Say which build this is: version, commit, date",
		Args:  arguments(0, 0),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print it as a line of JSON")
	cmd.RunE = verb(func(context.Context, []string) error {
		b := thisBuild()
		if asJSON {
			return con.printJSON(b)
		}
		fmt.Fprintf(con.out, "rollcall %s\n", b.Version)
		commit := cmp.Or(b.Commit, "(not recorded)")
		if b.Modified {
			commit += ", modified since"
		}
		for _, line := range [][2]string{{"commit", commit}, {"date", cmp.Or(b.Date, "(not recorded)")}, {"go", b.Go}, {"platform", b.Platform}} {
			fmt.Fprintf(con.out, "  %-10s%s\n", line[0], line[1])
		}
		return nil
	})
	return cmd
}
