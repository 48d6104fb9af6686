package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/capacity"
)

// leastBytes is the smallest size that a log may be given: it has room for a few
// thousand events.
const leastBytes = 1 << 20

// newLogSet changes the limits of a log that is in use.
func newLogSet(con *console, svc *service) *cobra.Command {
	var (
		bytes, age     string
		remove, asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "set",
		Short: "Change how large the log may be, and how old its records",
		Long: "Change how large the log may be, and how old its records, while everything runs.\n" +
			"A size that the servers can't reserve is refused, and so is one that the log has\n" +
			"already. A shorter age removes records for ever; it is refused without\n" +
			"--remove-records, with the number of those that would go.",
		Example: "  rollcall log set --max-bytes 32GiB\n" +
			"  rollcall log set --max-age 90d",
		Args: arguments(0, 0),
		RunE: verb(func(ctx context.Context, _ []string) error {
			want, err := parseLimits(bytes, age)
			if err != nil {
				return err
			}
			return svc.use(ctx, func(b *bus.Bus) error { return setLimits(ctx, con, b, want, remove, asJSON) })
		}),
	}
	f := cmd.Flags()
	f.StringVar(&bytes, "max-bytes", "", "`SIZE` at which the log is full: 32GiB, 500MB")
	f.StringVar(&age, "max-age", "", "`AGE` after which records go: 30d, 720h, forever")
	f.BoolVar(&remove, "remove-records", false, "remove those that are older than that now")
	f.BoolVar(&asJSON, "json", false, "one JSON object, as rollcall log has it")
	return cmd
}

// logLimits are what was asked for; nil: what there is.
type logLimits struct {
	bytes *int64
	age   *time.Duration // 0: forever
}

func parseLimits(bytes, age string) (want logLimits, err error) {
	if bytes == "" && age == "" {
		return want, usagef("give --max-bytes, --max-age or both")
	}
	if bytes != "" {
		n, err := parseLogSize(bytes)
		if err != nil {
			return want, usagef("--max-bytes: %w", err)
		}
		want.bytes = &n
	}
	if age != "" {
		d, err := parseAge(age)
		if err != nil {
			return want, usagef("--max-age: %w", err)
		}
		want.age = &d
	}
	return want, nil
}

func parseLogSize(s string) (int64, error) {
	n, err := parseSize(s)
	if err == nil && n < leastBytes {
		err = fmt.Errorf("%s is less than %s", s, sizeText(leastBytes))
	}
	return n, err
}

// setLimits changes the limits, unless that does harm which was not asked for.
func setLimits(ctx context.Context, con *console, b *bus.Bus, want logLimits, remove, asJSON bool) error {
	r, err := reportOn(ctx, b)
	if err != nil {
		return err
	}
	to := bus.Limits{MaxBytes: int64(r.MaxBytes), MaxAge: r.MaxAge}
	if r.MaxBytes == 0 {
		to.MaxBytes = -1
	}
	if want.bytes != nil {
		to.MaxBytes = *want.bytes
	}
	var gone uint64
	if want.age != nil {
		to.MaxAge = *want.age
		if gone, err = tooOld(ctx, con, b.Log(), r, to.MaxAge, remove); err != nil {
			return err
		}
	}
	if want.bytes != nil {
		if err := checkFits(r, uint64(to.MaxBytes), gone); err != nil {
			return err
		}
	}
	if err := b.Log().SetLimits(ctx, to); err != nil {
		if errors.Is(err, bus.ErrNoSpace) {
			return fmt.Errorf("%w; an embedded NATS may use three quarters of what its disk had free when it started", err)
		}
		return err
	}
	if asJSON {
		return showLog(ctx, con, b, true)
	}
	if r, err = reportOn(ctx, b); err != nil {
		return err
	}
	_, err = fmt.Fprintf(con.out, "The log may have %s now and keeps records for %s. %s\n", sizeText(r.MaxBytes), ageText(r.MaxAge), ask.Headline(r))
	return err
}

// tooOld is how many records go at once with a shorter age, which must have been
// asked for.
func tooOld(ctx context.Context, con *console, log capacity.Log, r *capacity.Report, age time.Duration, remove bool) (uint64, error) {
	if age == 0 || r.MaxAge > 0 && age >= r.MaxAge {
		return 0, nil
	}
	n, err := r.Before(ctx, log, r.At.Add(-age))
	if err != nil || n == 0 || remove {
		return n, err
	}
	return n, fmt.Errorf("%s of %s to %s would go for ever; nothing was changed (if that is meant, add --remove-records)",
		recordsWord(n), r.FirstAt.In(con.zone).Format(time.DateTime), r.At.Add(-age).In(con.zone).Format(time.DateTime))
}

// checkFits refuses a size at which logins would be refused at once.
func checkFits(r *capacity.Report, limit, gone uint64) error {
	left := r.Bytes
	if r.Records > 0 {
		left -= uint64(float64(r.Bytes) * float64(gone) / float64(r.Records))
	}
	if mark := limit - session.Reserve(limit, r.Sessions); left >= mark {
		return fmt.Errorf("the log has %s already: with a limit of %s it would refuse logins from %s on; nothing was changed",
			sizeText(left), sizeText(limit), sizeText(mark))
	}
	return nil
}
