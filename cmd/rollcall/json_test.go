package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// A verb that has nothing for scripts says why, in its help.
func TestEveryVerbHasJSONOrSaysWhyNot(t *testing.T) {
	t.Parallel()
	for _, c := range everyVerb(t) {
		if !c.Runnable() || c.Name() == "help" || c.Hidden && c.Name() != "man" {
			continue // a topic, what explains them, or a part of the benchmarks
		}
		if c.Flags().Lookup("json") == nil && !onlyGroups(t, c) && !strings.Contains(c.Long, "There is no --json: ") {
			t.Errorf("%s has no --json, and its help does not say why", c.CommandPath())
		}
	}
}

// onlyGroups reports that a command does nothing itself.
func onlyGroups(t *testing.T, c *cobra.Command) bool {
	t.Helper()
	if !c.HasSubCommands() {
		return false
	}
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), strings.Fields(c.CommandPath())[1:], strings.NewReader(""), &stdout, &stderr)
	return code == exitUsage && strings.Contains(stderr.String(), " needs a command")
}
