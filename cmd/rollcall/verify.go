package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/courier"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector/query"
	"github.com/rollcall-xmpp/rollcall/replay"
	"github.com/rollcall-xmpp/rollcall/replay/verify"
)

// A verification is what verify found.
type verification struct {
	query.Summary
	Since     events.Seq `json:"since"`     // the records up to this one were not checked
	Keyframes int        `json:"keyframes"` // that are what the log gives
	Wrong     int        `json:"wrong"`     // that are not
	Unusable  int        `json:"unusable"`  // that can't be read
	Faults    []fault    `json:"faults"`    // in the log's order, the first few
	Service   string     `json:"service"`   // the running table's hash at the same sequence; "" if none runs
	Agrees    bool       `json:"agrees"`
	Unchecked int        `json:"unchecked"` // of the running table's sessions: the log tells no more of them
	Missing   uint64     `json:"missing"`   // records from between the first and the last
	ElapsedMS int64      `json:"elapsed_ms"`
}

// A fault is a place of the log where something is wrong.
type fault struct {
	Seq   events.Seq `json:"seq"`
	Time  string     `json:"time"`  // "" if unknown
	After events.Seq `json:"after"` // the part that it is in: the records behind this one
	To    events.Seq `json:"to"`    // up to this one
	Text  string     `json:"text"`
}

var (
	// errDisagree: the folds differ.
	errDisagree = errors.New("the running table is not what the log says; restart the projector and keep the log for examination")
	// errHoles: the log itself is damaged.
	errHoles = errors.New("the log has lost records; the table is what the rest says")
	// errChanged: the log, or a keyframe, is not what it was.
	errChanged = errors.New("the log does not give what it gave when the keyframes were written; keep both for examination")
)

// newVerify proves that the log is whole and that the keyframes and the running table
// are what it says.
func newVerify(con *console) *cobra.Command {
	var (
		svc    service
		since  string
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Fold the log and compare with its keyframes and the running table",
		Long: "Fold what the log has from its beginning, or from the keyframe before --since,\n" +
			"and compare with each keyframe and with the running table. Every record must be\n" +
			"on top of its account's last one. What is wrong is named with the first event\n" +
			"that shows it, and with the part of the log, from keyframe to keyframe, that it\n" +
			"is in. Parts are read at once, by as many processors as there are.\n\n" +
			"Sessions that began before the log and the keyframes do, and that their\n" +
			"connectors have not repeated yet, leave nothing to compare with; they are\n" +
			"counted.",
		Example: "  rollcall verify\n" +
			"  rollcall verify --since 1d              (each night)",
		Args: arguments(0, 0),
		RunE: verb(func(ctx context.Context, _ []string) error {
			from, err := parseMoment(since, time.Now())
			if err != nil {
				return err
			}
			return svc.use(ctx, func(b *bus.Bus) error {
				v, err := verifyLog(ctx, con, b, from)
				if err != nil {
					return err
				}
				if err := showVerification(con, v, asJSON); err != nil {
					return err
				}
				return v.judge(con)
			})
		}),
	}
	svc.flags(cmd)
	cmd.Flags().StringVar(&since, "since", "", "only from this `TIME|SEQ` on, or a little before it")
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object")
	con.wideFlag(cmd)
	return cmd
}

// judge is the error of the faults that were found.
func (v *verification) judge(con *console) error {
	switch {
	case !v.Agrees:
		return errDisagree
	case v.lost():
		return errHoles
	case v.Wrong > 0:
		return errChanged
	}
	sayForeign(con, v.Poison+v.Foreign)
	return nil
}

// verifyLog checks what is left of the log, asks the running table for its hash at
// some later sequence, and goes on up to the same one.
func verifyLog(ctx context.Context, con *console, b *bus.Bus, since replay.Moment) (*verification, error) {
	begun := time.Now()
	var shown progress
	defer shown.stop()
	report, err := verify.Run(ctx, verify.Config{
		Log: b.Log(), Keyframes: b.Keyframes(), Since: since, Read: func(of uint64) { shown.of(con, "reading the log", int(of)) },
	})
	if err != nil {
		return nil, err
	}
	live, err := running(b).Summary(ctx, report.Begins)
	if err != nil && !errors.Is(err, courier.ErrNoAnswer) {
		return nil, err
	}
	if err := report.Extend(ctx, events.Seq(live.Seq)); err != nil {
		return nil, err
	}
	shown.stop()
	sayForgotten(con, report.Begins == 0)
	passed := tellPassed(con)
	for _, k := range report.Passed {
		passed(k.Keyframe, k.Err)
	}
	v := verified(report)
	v.Service = live.Hash
	v.compare(live)
	v.ElapsedMS = time.Since(begun).Milliseconds()
	return v, nil
}

func verified(r *verify.Report) *verification {
	v := &verification{
		Summary: query.Summarize(r.Table, r.Begins), Since: r.After, Keyframes: r.Keyframes, Wrong: r.Wrong,
		Unusable: len(r.Passed), Faults: []fault{}, Missing: r.Missing,
	}
	v.Accounts, v.Records, v.Poison, v.Unknown = r.Accounts, r.Records, r.Poison, r.Unknown
	v.Mismatched, v.Foreign = r.Mismatched, r.Foreign
	for _, f := range r.Faults {
		at := ""
		if f.At != 0 {
			at = query.Timestamp(f.At)
		}
		v.Faults = append(v.Faults, fault{f.Seq, at, f.After, f.To, f.Text})
	}
	return v
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
	from := ""
	if v.Since > 0 {
		from = fmt.Sprintf(" after %d", v.Since)
	}
	if _, err := fmt.Fprintf(c.out, "folded    %s%s up to %s#%d in %s\n"+
		"table     %s, %s\n"+
		"keyframes %d as the log gives them, %d not, %d unusable\n"+
		"poison    %d undecodable, %d of unknown kind\n"+
		"missing   %s\n"+
		"chain     %s not on top of the account's last one, %d of them foreign\n"+
		"hash      %s\n"+
		"service   %s\n",
		plural(int(v.Records), "record"), from, v.Stream, v.Seq, time.Duration(v.ElapsedMS)*time.Millisecond,
		plural(v.Accounts, "account"), plural(v.Sessions, "session"), v.Keyframes, v.Wrong, v.Unusable,
		v.Poison, v.Unknown, plural(int(v.Missing), "record"), plural(int(v.Mismatched), "record"), v.Foreign, hash, service); err != nil {
		return err
	}
	return showFaults(c, v.Faults)
}

// showFaults writes where something is wrong, and in which part.
func showFaults(c *console, faults []fault) error {
	t, now := newTable(c, "RECORD", timeHead("TIME", c.zoneName(time.Now())), "PART", "FAULT"), time.Now()
	for _, f := range faults {
		at := "-"
		if f.Time != "" {
			at = c.stamp(query.Time(f.Time), now)
		}
		if err := t.row(fmt.Sprint(f.Seq), at, fmt.Sprintf("%d to %d", f.After+1, f.To), f.Text); err != nil {
			return err
		}
	}
	return t.flush()
}
