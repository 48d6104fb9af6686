package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// Whoever adds a verb says here that it tells nothing of people, or has it put on record.
func TestEachVerbThatAsksTheServiceIsOnRecordOrTellsOfNobody(t *testing.T) {
	t.Parallel()
	impersonal := []string{"up", "connectors", "log", "verify", "export check", "feed list", "feed show", "token list", "ban list"}
	walk(newRoot(newConsole(nil, nil, nil)), func(cmd *cobra.Command) {
		_, verb, _ := strings.Cut(cmd.CommandPath(), " ")
		if cmd.HasSubCommands() && cmd.Name() != "log" && cmd.Name() != "export" || cmd.Flag("nats") == nil || strings.HasPrefix(verb, "bench ") {
			return
		}
		if isPersonal(verb) == slices.Contains(impersonal, verb) {
			t.Errorf("%s: on record %v", verb, isPersonal(verb))
		}
	})
}

func walk(cmd *cobra.Command, visit func(*cobra.Command)) {
	visit(cmd)
	for _, c := range cmd.Commands() {
		walk(c, visit)
	}
}
