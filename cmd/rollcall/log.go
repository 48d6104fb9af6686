package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/courier"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
	"github.com/rollcall-xmpp/rollcall/session/capacity"
)

// askSessions is how long a running projector may take to say how many sessions
// there are.
const askSessions = 3 * time.Second

// newLog shows how full the log is. It makes nothing of the records themselves: a
// log of any length is described at once.
func newLog(con *console) *cobra.Command {
	var (
		svc    service
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "log",
		Short: "Show how full the log is and when it will be; set its limits",
		Long: "Show what is in the log, how fast it grows, and how long it will be until it is\n" +
			"full. Then logins are refused, and all that is stored are the ends of sessions.\n" +
			"\"rollcall up\" warns of it in time. \"rollcall log set\" changes the limits while\n" +
			"everything runs.",
		Example: "  rollcall log\n" +
			"  rollcall log set --max-bytes 32GiB\n" +
			"  rollcall log set --max-age 90d\n" +
			"  rollcall log create --nats $URL --nkey admin.nk",
		Args: arguments(0, 0),
		RunE: verb(func(ctx context.Context, _ []string) error {
			return svc.use(ctx, func(b *bus.Bus) error { return showLog(ctx, con, b, asJSON) })
		}),
	}
	svc.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object")
	cmd.AddCommand(newLogCreate(con, &svc), newLogSet(con, &svc))
	return cmd
}

func showLog(ctx context.Context, con *console, b *bus.Bus, asJSON bool) error {
	sessions, err := sessionsLive(ctx, b)
	if err != nil {
		return err
	}
	l, err := ask.LookAtLog(ctx, logOnDisk(b, nil), b.Keyframes(), sessions, time.Now())
	if err != nil {
		return err
	}
	if asJSON {
		return con.printJSON(l.State())
	}
	return printLog(con, l)
}

// unknown is how many sessions there are if no process with the role projector
// answers.
const unknown = -1

// reportOn looks at the log, with as many live sessions as a running process knows
// of.
func reportOn(ctx context.Context, b *bus.Bus) (*capacity.Report, error) {
	sessions, err := sessionsLive(ctx, b)
	if err != nil {
		return nil, err
	}
	return capacity.Look(ctx, logOnDisk(b, nil), sessions, time.Now())
}

func sessionsLive(ctx context.Context, b *bus.Bus) (n int, err error) {
	asking, cancel := context.WithTimeout(ctx, askSessions)
	defer cancel()
	for h, err := range running(b).Holdings(asking) {
		switch {
		case errors.Is(err, courier.ErrNoAnswer), err != nil && asking.Err() != nil && ctx.Err() == nil:
			return unknown, nil
		case err != nil:
			return 0, err
		}
		n += h.Sessions
	}
	return n, nil
}

// printLog writes the answer first, then what it rests on, and at last what to do.
func printLog(c *console, l *ask.LogReport) error {
	r := l.Report
	out := &lines{}
	out.add("%s", ask.Headline(r))
	out.add("")
	fact := func(label, format string, args ...any) { out.add("  %-10s %s", label, fmt.Sprintf(format, args...)) }
	fact("records", "%s", recordsText(r))
	if r.Records > 0 {
		fact("first", "%s", c.momentText(r.FirstAt, r.At))
		fact("last", "%s", c.momentText(r.LastAt, r.At))
	}
	fact("size", "%s", sizeOf(r))
	if r.Mark > 0 {
		fact("reserve", "%s", reserveText(r))
	}
	if r.Disk != nil {
		fact("disk", "%s", diskText(r))
	}
	fact("rate", "%s", rateText(r))
	if r.Hour.Over > 0 && r.Hour.Over < r.Day.Over {
		fact("last hour", "%s events and %s", grouped(int64(r.Hour.Events/24)), sizeText(uint64(r.Hour.Bytes/24)))
	}
	fact("full", "%s", fullText(r))
	fact("kept for", "%s", ageText(r.MaxAge))
	fact("keyframes", "%s", keyframesText(l.Frames, r.At))
	if len(l.Advice) > 0 {
		out.add("\nIt gets room, while everything runs, by")
		for _, line := range l.Advice {
			out.add("  %s", adviceText(line))
		}
	}
	return out.write(c.out)
}
