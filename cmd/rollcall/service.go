package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/accounts"
)

// dialTimeout bounds the search for a running service.
const dialTimeout = 5 * time.Second

// defaultNATS is where "rollcall up" listens unless it is told otherwise.
const defaultNATS = "nats://127.0.0.1:4222"

// A service is where a verb finds the running service.
type service struct {
	nats, creds string
}

// flags adds the flags that every verb but up has.
func (s *service) flags(cmd *cobra.Command) {
	f := cmd.PersistentFlags()
	f.StringVar(&s.nats, "nats", cmp.Or(os.Getenv("ROLLCALL_NATS"), defaultNATS), "the service's NATS `URL`, or ROLLCALL_NATS")
	f.Lookup("nats").DefValue = "" // too long for the help; it is in the text
	f.Lookup("nats").Usage += "\n(default " + defaultNATS + ")"
	f.StringVar(&s.creds, "creds", "", "NATS credentials `FILE`")
	cmd.RegisterFlagCompletionFunc("creds", completeFiles)
}

// use connects, calls do, and disconnects.
func (s *service) use(ctx context.Context, do func(*bus.Bus) error) error {
	if err := checkCreds(s.creds); err != nil {
		return err
	}
	dialing, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	b, err := bus.Connect(dialing, bus.Config{URL: s.nats, Creds: s.creds, Name: "rollcall cli", Existing: true})
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, bus.ErrNoStreams):
		return change("--nats", err)
	case errors.Is(err, bus.ErrLacksStream), isDenied(err):
		return err
	case err != nil:
		return &flagError{flag: "is rollcall up running? else change --nats", err: err}
	}
	defer b.Close()
	putOnRecord(ctx, b)
	return do(b)
}

// isDenied reports a service that was found and did not let this user do it.
func isDenied(err error) bool {
	_, denied := errors.AsType[*events.DeniedError](err)
	return denied
}

// checkCreds tells a file that can't be read from a server that can't be
// reached.
func checkCreds(path string) error {
	if path == "" {
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return change("--creds", fmt.Errorf("credentials: %w", err))
	}
	return f.Close()
}

// parseAccount reads an account's JID: one with a localpart, without a
// resource.
func parseAccount(s string) (events.JID, error) {
	j, err := accounts.Parse(s)
	if err != nil {
		return j, usageError{err}
	}
	return j, nil
}

// parseTarget reads a JID with a localpart, bare or full.
func parseTarget(s string) (events.JID, error) {
	j, err := events.ParseJID(s)
	switch {
	case err != nil:
		return j, usageError{err}
	case j.Local() == "":
		return j, usagef("%s names no account: give user@domain or user@domain/resource", j)
	}
	return j, nil
}

// plural is "1 account", "2 accounts".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
