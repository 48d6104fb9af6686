package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"rollcall/bus"
	"rollcall/bus/courier"
	"rollcall/events"
	"rollcall/projector/query"
	"rollcall/replay"
)

// A verification is what verify found.
type verification struct {
	query.Summary
	Service   string `json:"service"` // the running table's hash at the same sequence; "" if none runs
	Agrees    bool   `json:"agrees"`
	Unchecked int    `json:"unchecked"` // of the running table's sessions: the log tells no more of them
	Missing   uint64 `json:"missing"`   // records from between the first and the last
	ElapsedMS int64  `json:"elapsed_ms"`
}

var (
	// errDisagree: the folds differ.
	errDisagree = errors.New("the running table is not what the log says; restart the projector and keep the log for examination")
	// errHoles: the log itself is damaged.
	errHoles = errors.New("the log has lost records; the table is what the rest says")
)

// newVerify proves that the running table is what the log says. It takes as
// long as folding the log does, and needs as much memory as a projector.
func newVerify(con *console) *cobra.Command {
	var (
		svc    service
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Fold the log from its beginning and compare with the running table",
		Long: "Fold what the log has from its beginning and compare with the running table.\n" +
			"Sessions that began before the log does, and that their connectors have not\n" +
			"repeated yet, leave nothing to compare with; they are counted.",
		Args: arguments(0, 0),
		RunE: verb(func(ctx context.Context, _ []string) error {
			return svc.use(ctx, func(b *bus.Bus) error {
				v, err := verify(ctx, con, b)
				if err != nil {
					return err
				}
				if err := showVerification(con, v, asJSON); err != nil {
					return err
				}
				switch {
				case !v.Agrees:
					return errDisagree
				case v.lost():
					return errHoles
				}
				sayForeign(con, v.Poison+v.Foreign)
				return nil
			})
		}),
	}
	svc.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object")
	return cmd
}

// verify folds what is left of the log, asks the running table for its hash at
// some later sequence, and folds up to the same one.
func verify(ctx context.Context, con *console, b *bus.Bus) (*verification, error) {
	begun, log := time.Now(), progressLog{b.Log(), con}
	past, err := replay.At(ctx, replay.Archive{Log: log}, replay.Moment{})
	if err != nil {
		return nil, err
	}
	sayForgotten(con, past.Whole)
	since := past.Begins
	live, err := running(b).Summary(ctx, since)
	if err != nil && !errors.Is(err, courier.ErrNoAnswer) {
		return nil, err
	}
	if err := past.Extend(ctx, log, events.Seq(live.Seq)); err != nil {
		return nil, err
	}
	info, err := b.Log().Info(ctx)
	if err != nil {
		return nil, err
	}
	v := &verification{Summary: query.Summarize(past.Table, since), Service: live.Hash, Missing: missing(info), ElapsedMS: time.Since(begun).Milliseconds()}
	v.compare(live)
	return v, nil
}

// compare says whether the running table is what the log says. Of sessions that
// are older than the log, and not repeated in it yet or by an older version, it
// says nothing: then the others are compared.
func (v *verification) compare(live query.Summary) {
	switch {
	case live.Hash == "":
		v.Agrees = true
		return
	case live.Hash != v.Hash && live.Young == v.Young && live.Older > v.Older:
		v.Unchecked = live.Older - v.Older
	}
	v.Agrees = live.Hash == v.Hash || v.Unchecked > 0
	v.Stream, v.Seq = live.Stream, live.Seq // the end of the log may be gone, too
}

// lost reports that the log had records that it no longer has: places between
// others are empty, or records were appended on top of some that are not there.
func (v *verification) lost() bool { return v.Missing > 0 || v.Mismatched > v.Foreign }

// sayForeign tells people of records that no Rollcall wrote.
func sayForeign(c *console, n uint64) {
	switch {
	case n == 1:
		c.say("note: 1 record in the log was not written by Rollcall; nothing is lost by it")
	case n > 1:
		c.say("note: %d records in the log were not written by Rollcall; nothing is lost by them", n)
	}
}

// showVerification says what was checked, not only that it was.
func showVerification(c *console, v *verification, asJSON bool) error {
	if asJSON {
		return c.printJSON(v)
	}
	service, hash := "no projector runs to compare with", v.Hash
	switch {
	case v.Unchecked > 0:
		service = "the running table agrees, and has " + plural(v.Unchecked, "session") + " more that began before the log does"
	case v.Service != "" && v.Agrees:
		service = "the running table agrees"
	case v.Service != "":
		service = "the running table has " + v.Service
	}
	if v.Sessions == 0 { // 64 zeros
		hash = "none, for there is no session"
	}
	_, err := fmt.Fprintf(c.out, "folded    %s up to %s#%d in %s\n"+
		"table     %s, %s\n"+
		"poison    %d undecodable, %d of unknown kind\n"+
		"missing   %s\n"+
		"chain     %s not on top of the account's last one, %d of them foreign\n"+
		"hash      %s\n"+
		"service   %s\n",
		plural(int(v.Records), "record"), v.Stream, v.Seq, time.Duration(v.ElapsedMS)*time.Millisecond,
		plural(v.Accounts, "account"), plural(v.Sessions, "session"),
		v.Poison, v.Unknown, plural(int(v.Missing), "record"), plural(int(v.Mismatched), "record"), v.Foreign, hash, service)
	return err
}
