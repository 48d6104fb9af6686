package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/bench"
	"github.com/rollcall-xmpp/rollcall/replay"
)

// newBenchLog makes a log that is as long as one of years, for the measurements
// on it.
func newBenchLog(con *console) *cobra.Command {
	var m bench.LogMaker
	var (
		span   string
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "log --data DIR",
		Short: "Make a long log, for a service to be measured on",
		Long: "Make the log of a service that has run for some days in DIR, which \"rollcall up\"\n" +
			"then serves as if the process before had been killed. Sessions come and go,\n" +
			"change their presence, and some stay all the time. A log that is there already\n" +
			"is left alone.",
		Args: arguments(0, 0),
		RunE: verb(func(ctx context.Context, _ []string) error {
			var err error
			if m.Span, err = replay.ParseDuration(span); err != nil {
				return usagef("--span: %w", err)
			}
			if err := m.Validate(); err != nil {
				return usageError{err}
			}
			if m.Data == "" {
				return usagef("--data: name a directory")
			}
			return makeLog(ctx, con, &m, asJSON)
		}),
	}
	f := cmd.Flags()
	f.IntVar(&m.Events, "events", 10_000_000, "`N` events in all")
	f.IntVar(&m.Accounts, "accounts", 1_000_000, "`N` accounts that have been there")
	f.IntVar(&m.Live, "live", 1000, "`N` sessions at a time, and at the end")
	f.StringVar(&span, "span", "28d", "`TIME` from the first event to the last")
	f.Uint64Var(&m.Seed, "seed", 1, "`N` that chance begins with")
	f.StringVar(&m.Name, "name", defaultName(), "`NAME` of the connector that has written them")
	f.StringVar(&m.Data, "data", "", "`DIR` of the service, empty or new")
	f.BoolVar(&asJSON, "json", false, "one JSON object")
	return cmd
}

// A madeLog is a long log as scripts see it.
type madeLog struct {
	Events    int   `json:"events"`
	Accounts  int   `json:"accounts"`
	Live      int   `json:"live"`
	Made      bool  `json:"made"` // false: it was there already
	ElapsedMS int64 `json:"elapsed_ms"`
}

func makeLog(ctx context.Context, con *console, m *bench.LogMaker, asJSON bool) error {
	dir, err := openDataDir(m.Data)
	if err != nil {
		return change("--data", err)
	}
	defer dir.close()
	m.Instance = dir.instance
	var shown progress
	shown.start(con, "events", m.Events)
	defer shown.stop()
	done := 0
	m.Made = func(n int) {
		shown.add(n - done)
		done = n
	}
	begun := time.Now()
	made, err := m.Run(ctx)
	shown.stop()
	if err != nil {
		return change("--data", err)
	}
	took := time.Since(begun)
	if asJSON {
		return con.printJSON(madeLog{m.Events, m.Accounts, m.Live, made, took.Milliseconds()})
	}
	what := "there already"
	if made {
		what = fmt.Sprintf("made in %s, %.0f/s", took.Round(time.Millisecond), float64(m.Events)/took.Seconds())
	}
	_, err = fmt.Fprintf(con.out, "%d events of %s, %d sessions live at the end: %s\n", m.Events, plural(m.Accounts, "account"), m.Live, what)
	return err
}
