package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"rollcall/bus"
	"rollcall/events"
	"rollcall/replay"
)

// newHistory reads one account's subject, so it costs what that account has
// done, not what the log holds; the failed logins are looked for among those of
// all accounts, in a stream that is bounded.
func newHistory(con *console) *cobra.Command {
	var (
		svc          service
		since, until string
		asJSON       bool
	)
	cmd := &cobra.Command{
		Use:   "history JID",
		Short: "Show what happened to an account's sessions",
		Long: "Show every event of an account, or of one full JID, in order. Failed logins are\n" +
			"among them by their time; they are of another stream, so they have no sequence.\n" +
			"\"rollcall sessions --help\" explains the reasons of a closed event.",
		Args: arguments(1, 1),
		RunE: verb(func(ctx context.Context, args []string) error {
			jid, err := parseTarget(args[0])
			if err != nil {
				return err
			}
			h := historian{con: con, jid: jid, asJSON: asJSON}
			if h.span, err = parseSpan(since, until, time.Now()); err != nil {
				return err
			}
			return svc.use(ctx, func(b *bus.Bus) error { return h.show(ctx, b) })
		}),
	}
	svc.flags(cmd)
	cmd.Flags().StringVar(&since, "since", "", "from this `TIME` on")
	cmd.Flags().StringVar(&until, "until", "", "before this `TIME`")
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line")
	return cmd
}

// A historian writes one account's history.
type historian struct {
	con    *console
	jid    events.JID // full: only what names this resource
	span   span
	asJSON bool

	failed []*events.Stored // failed logins that are still to be shown, by time
	lines  *recordLines
}

// show merges the two streams by the time at which the server stored their
// records. Sequences of two streams can't be compared; the clock is the same.
func (h *historian) show(ctx context.Context, b *bus.Bus) error {
	if err := h.readFailed(ctx, b.Pre()); err != nil {
		return err
	}
	h.lines = newRecordLines(h.con, h.asJSON)
	for step, err := range replay.History(ctx, b.Log(), h.jid.Bare(), h.span.since, h.span.until) {
		if err != nil {
			if !isPoison(err) {
				return err
			}
			h.con.say("%s", printable(err.Error()))
			continue
		}
		if !h.jid.IsBare() && step.JID != h.jid {
			continue
		}
		if err := h.showFailed(step.At); err != nil {
			return err
		}
		if err := h.lines.write(step.Stored); err != nil {
			return err
		}
	}
	if err := h.showFailed(1<<63 - 1); err != nil {
		return err
	}
	if h.lines.count == 0 {
		h.con.say("no history of %s%s", h.jid, h.span)
	}
	return h.lines.flush()
}

// readFailed finds the failed logins in the stream of what comes before
// authentication.
func (h *historian) readFailed(ctx context.Context, pre *bus.Pre) error {
	if !h.jid.IsBare() {
		return nil // nobody had a resource yet
	}
	for st, err := range pre.Read(ctx, h.span.since, h.span.until) {
		if isPoison(err) {
			continue
		}
		if err != nil {
			return fmt.Errorf("failed logins: %w", err)
		}
		if f, ok := st.Event.(events.AuthFailed); ok && h.meant(st, f) {
			h.failed = append(h.failed, st)
		}
	}
	return nil
}

// meant reports that a failed login was to this account. A record that names
// no JID has only the user's name.
func (h *historian) meant(st *events.Stored, f events.AuthFailed) bool {
	switch {
	case st.JID.IsZero():
		return f.Username == h.jid.Local()
	case st.JID.Local() == "":
		return f.Username == h.jid.Local() && st.JID.Domain() == h.jid.Domain()
	}
	return st.JID.Bare() == h.jid
}

// showFailed shows the failed logins before an instant.
func (h *historian) showFailed(before int64) error {
	for len(h.failed) > 0 && h.failed[0].At < before {
		if err := h.lines.write(h.failed[0]); err != nil {
			return err
		}
		h.failed = h.failed[1:]
	}
	return nil
}
