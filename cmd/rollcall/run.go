package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
)

// The exit codes.
const (
	exitOK    = 0
	exitError = 1
	exitUsage = 2
)

// run carries out one command line and returns its exit code. It is all of
// main but the signals, which end ctx.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newRoot(newConsole(stdin, stdout, stderr))
	root.SetArgs(notFlags(args))
	root.SetOut(stdout)
	root.SetErr(stderr)
	cmd, err := root.ExecuteContextC(ctx)
	var failed *failure
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &failed):
		fmt.Fprintf(stderr, "rollcall: %s\n", sayFailure(failed.error))
		return exitError
	default: // whatever cobra says is about the command line
		fmt.Fprintf(stderr, "rollcall: %s\n(%s --help shows how it is used)\n", sayUsage(err), explained(cmd).CommandPath())
		return exitUsage
	}
}

// exclusive is how cobra says that two flags were given of which only one may be.
var exclusive = regexp.MustCompile(`^if any flags in the group .* none of the others can be; \[(.*)\] were all set$`)

// sayUsage is what people read of a command line that is wrong.
func sayUsage(err error) string {
	text := oneLine(err)
	if m := exclusive.FindStringSubmatch(text); m != nil {
		return "--" + strings.ReplaceAll(m[1], " ", " and --") + " exclude each other: give one"
	}
	return text
}

// explained is the command whose help is of use: that about help itself is of none.
func explained(cmd *cobra.Command) *cobra.Command {
	if cmd.Name() == "help" && cmd.HasParent() {
		return cmd.Parent()
	}
	return cmd
}

// sayFailure is what people read of a failure. They know in other words than
// ours that Ctrl-C was pressed.
func sayFailure(err error) string {
	text := oneLine(permitted(err))
	if !errors.Is(err, context.Canceled) {
		return text
	}
	text = strings.TrimSuffix(strings.TrimSuffix(text, context.Canceled.Error()), ": ")
	return strings.TrimSuffix("stopped: "+text, ": ")
}

func newRoot(con *console) *cobra.Command {
	root := &cobra.Command{
		Use:   "rollcall",
		Short: "An event-sourced session service for XMPP",
		Long: "Rollcall holds XMPP sessions as a log of events in NATS JetStream.\n" +
			"\"rollcall up --demo\" starts all of it; the other verbs ask a running service.\n" +
			"Every one has --json, or says why not. Tables fit the terminal, where … stands\n" +
			"for what is left out of long names; --wide has all of it, and so has a pipe.",
		SilenceErrors:     true,
		SilenceUsage:      true,
		Version:           cmp.Or(version(), "(unknown)"),
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
	}
	// Most verbs take JIDs; the others say completeFiles.
	root.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveNoFileComp)
	root.SetVersionTemplate("rollcall {{.Version}}\n")
	root.SetFlagErrorFunc(suggestFlag)
	root.SetHelpCommand(newHelp())
	chooseOne(root)
	root.AddCommand(
		profiled(newUp(con)), newUser(con), newNames(con), newSessions(con), newHistory(con), newEvents(con), newRoute(con), newContacts(con), newDiff(con),
		newTail(con), newLogins(con), newKick(con), newBan(con), newAnnounce(con), newConnectors(con), newDrain(con), newLog(con), newVerify(con),
		newToken(con), newWeb(con), newFeed(con), newAudit(con), newExport(con), newImport(con), newStats(con),
		newConfig(con), newHealth(con), newBackup(con), newRestore(con), newBench(con), newNATSConfig(con), newNATSHelp(),
		newVersion(con), newMan(con),
	)
	return root
}
