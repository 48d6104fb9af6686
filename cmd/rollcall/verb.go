package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// What every verb is made of: how it takes arguments, and which of its errors are
// about the command line.

// chooseOne makes a command that only groups others refuse to run alone.
func chooseOne(group *cobra.Command) {
	group.SuggestionsMinimumDistance = 2
	group.Args = cobra.ArbitraryArgs // what is said of wrong ones is ours
	group.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return fmt.Errorf("%s needs a command", cmd.CommandPath())
		}
		return noCommand(cmd, args[0])
	}
}

// noCommand says that a group has no such command, and which may be meant.
func noCommand(group *cobra.Command, name string) error {
	err := fmt.Errorf("%s has no command %q", group.CommandPath(), name)
	if meant := group.SuggestionsFor(name); len(meant) > 0 {
		err = fmt.Errorf("%w; did you mean %s?", err, strings.Join(meant, " or "))
	}
	return err
}

// arguments checks how many arguments a verb is given, and says what it takes
// if they are others.
func arguments(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < least || len(args) > most {
			return fmt.Errorf("%s given; the usage is: %s", plural(len(args), "argument"), cmd.UseLine())
		}
		return nil
	}
}

// A failure is an error of doing what was asked, as opposed to one of asking.
type failure struct{ error }

func (f *failure) Unwrap() error { return f.error }

// A usageError is wrong usage that shows only when a verb runs.
type usageError struct{ error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// verb adapts what a command does to cobra, and marks its errors.
func verb(do func(ctx context.Context, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		err := do(context.WithValue(cmd.Context(), invocationKey{}, invocation{cmd, args}), args)
		if err == nil || errors.As(err, new(usageError)) {
			return err
		}
		return &failure{err}
	}
}

// completeFiles has the shell complete names of files.
func completeFiles(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveDefault
}
