package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/courier"
	"github.com/rollcall-xmpp/rollcall/events"
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
	r, err := reportOn(ctx, b)
	if err != nil {
		return err
	}
	frames, err := keyframesOf(ctx, b, r)
	if err != nil {
		return err
	}
	if asJSON {
		return con.printJSON(logJSON(r, frames))
	}
	advice, err := adviceFor(ctx, b.Log(), r)
	if err != nil {
		return err
	}
	return printLog(con, r, frames, advice)
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
	return capacity.Look(ctx, b.Log(), sessions, time.Now())
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

// keyframesOf lists the keyframes of this log, the oldest first.
func keyframesOf(ctx context.Context, b *bus.Bus, r *capacity.Report) ([]events.Keyframe, error) {
	all, err := b.Keyframes().List(ctx)
	return slices.DeleteFunc(all, func(k events.Keyframe) bool { return k.Created != r.Created.UnixNano() }), err
}

// printLog writes the answer first, then what it rests on, and at last what to do.
func printLog(c *console, r *capacity.Report, frames []events.Keyframe, advice []string) error {
	out := &lines{}
	out.add("%s", headline(r))
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
	fact("rate", "%s", rateText(r))
	if r.Hour.Over > 0 && r.Hour.Over < r.Day.Over {
		fact("last hour", "%s events and %s", grouped(int64(r.Hour.Events/24)), sizeText(uint64(r.Hour.Bytes/24)))
	}
	fact("full", "%s", fullText(r))
	fact("kept for", "%s", ageText(r.MaxAge))
	fact("keyframes", "%s", keyframesText(frames, r.At))
	if len(advice) > 0 {
		out.add("\nIt gets room, while everything runs, by")
		for _, line := range advice {
			out.add("  %s", line)
		}
	}
	return out.write(c.out)
}

// logView is the log as scripts see it.
type logView struct {
	Stream   string  `json:"stream"`
	Level    string  `json:"level"` // fine, warning, critical, or full: logins are refused
	Created  string  `json:"created"`
	Records  uint64  `json:"records"`
	First    uint64  `json:"first_seq"`
	FirstAt  string  `json:"first_time"` // RFC 3339, UTC; "" without records
	Last     uint64  `json:"last_seq"`
	LastAt   string  `json:"last_time"`
	Bytes    uint64  `json:"bytes"`
	MaxBytes uint64  `json:"max_bytes"`    // 0: no limit
	Mark     uint64  `json:"logins_until"` // bytes at which logins are refused; 0: none
	Used     float64 `json:"used"`         // share of that, 0 to 1 and above
	Sessions *int    `json:"sessions"`     // for whose ends the rest is; null: nobody says how many
	MaxAge   int64   `json:"max_age"`      // seconds; 0: forever

	Keyframes  int    `json:"keyframes"`
	KeyframeAt string `json:"keyframe_time"` // of the newest: when its record was stored; "" if there is none

	Day    rateView `json:"last_day"`
	Hour   rateView `json:"last_hour"`
	FullIn *int64   `json:"full_in"` // seconds until logins are refused; null: never, or nobody can tell
}

// rateView is what was written over a time that ends now.
type rateView struct {
	Seconds int64   `json:"seconds"` // measured; 0: the log is too young
	Events  float64 `json:"events_a_day"`
	Bytes   float64 `json:"bytes_a_day"`
}

func logJSON(r *capacity.Report, frames []events.Keyframe) logView {
	rate := func(r capacity.Rate) rateView { return rateView{int64(r.Over.Seconds()), r.Events, r.Bytes} }
	v := logView{
		Stream: r.Stream, Level: r.Level().String(), Created: rfc3339(r.Created), Records: r.Records,
		First: uint64(r.First), FirstAt: rfc3339(r.FirstAt), Last: uint64(r.Last), LastAt: rfc3339(r.LastAt),
		Bytes: r.Bytes, MaxBytes: r.MaxBytes, Mark: r.Mark, Used: r.Used(),
		MaxAge: int64(r.MaxAge.Seconds()), Keyframes: len(frames), Day: rate(r.Day), Hour: rate(r.Hour),
	}
	if r.Sessions != unknown {
		v.Sessions = &r.Sessions
	}
	if len(frames) > 0 {
		v.KeyframeAt = rfc3339(frames[len(frames)-1].StoredAt())
	}
	if r.FullIn != capacity.Never {
		s := int64(r.FullIn.Seconds())
		v.FullIn = &s
	}
	return v
}
