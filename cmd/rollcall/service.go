package main

import (
	"context"
	"errors"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/settings"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/accounts"
)

// dialTimeout bounds the search for a running service.
const dialTimeout = 5 * time.Second

// defaultNATS is where "rollcall up" listens unless it is told otherwise.
const defaultNATS = "nats://127.0.0.1:4222"

// A service is where a verb finds the running service.
type service struct {
	natsAccess
	configured serviceConfig
}

// flags adds the flags that every verb but up has.
func (s *service) flags(cmd *cobra.Command) {
	f := cmd.PersistentFlags()
	f.StringVar(&s.url, "nats", defaultNATS, "the service's NATS `URL`, or ROLLCALL_NATS")
	f.Lookup("nats").DefValue = "" // too long for the help; it is in the text
	f.Lookup("nats").Usage += "\n(default " + defaultNATS + ");\nrollcall help nats says more"
	s.define(cmd, f)
	s.configured.define(f)
	cmd.RegisterFlagCompletionFunc("config", completeFiles)
	for _, name := range natsFlags {
		flag := f.Lookup(name)
		if text := os.Getenv(settings.Variable(flag.Name)); text != "" {
			flag.Value.Set(text) // without being Changed
		}
		flag.Hidden = !slices.Contains(natsFlags[:natsFlagsShown], name)
	}
}

// natsFlags are those about NATS. Each verb's help shows the first of them; "rollcall help nats"
// has the others.
var natsFlags = []string{
	"nats", "nats-context", "creds", "nkey",
	"nats-user", "nats-passfile", "nats-ca", "nats-cert", "nats-key",
}

const natsFlagsShown = 4

// use connects, calls do, and disconnects.
func (s *service) use(ctx context.Context, do func(*bus.Bus) error) error {
	dialing, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	b, err := s.connect(dialing, func(c *bus.Config) { c.Existing = true })
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return err
	}
	defer b.Close()
	putOnRecord(ctx, b)
	return do(b)
}

// make is use of a NATS that may have no streams yet: they are made as the flags say. It
// takes as long as a cluster needs.
func (s *service) make(ctx context.Context, limits *logFlags, do func(*bus.Bus) error) error {
	b, err := s.connect(ctx, limits.apply)
	if err != nil {
		return limits.explain(err)
	}
	defer b.Close()
	putOnRecord(ctx, b)
	return do(b)
}

// connect connects as the flags say, and as adjust does. An error names what mends it.
func (s *service) connect(ctx context.Context, adjust func(*bus.Config)) (*bus.Bus, error) {
	fromFile, err := s.configured.read()
	if err != nil {
		return nil, err
	}
	if fromFile {
		s.visible = func() bool { return false }
	}
	if err := s.validate(); err != nil {
		return nil, err
	}
	cfg, err := s.config()
	if err != nil {
		return nil, err
	}
	cfg.Name = "rollcall cli"
	adjust(&cfg)
	b, err := bus.Connect(ctx, cfg)
	switch {
	case err == nil:
		return b, nil
	case errors.Is(err, bus.ErrNoStreams):
		return nil, change("--nats", err)
	case errors.Is(err, bus.ErrLacksStream), errors.Is(err, bus.ErrNoSpace), errors.Is(err, bus.ErrTooFew), events.IsDenied(err):
		return nil, err
	}
	lost := lostHint(cfg)
	if err = s.explain(ctx, err, lost); !errors.As(err, new(*flagError)) {
		return nil, &flagError{flag: lost, err: err}
	}
	return nil, err
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
