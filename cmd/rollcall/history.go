package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"rollcall/bus"
	"rollcall/events"
)

// newHistory reads one account's subject, so it costs what that account has
// done, not what the log holds, or of all accounts what they did in the time
// asked for. The failed logins are looked for in a stream that is bounded.
func newHistory(con *console) *cobra.Command {
	var (
		svc          service
		since, until string
		asJSON       bool
	)
	cmd := &cobra.Command{
		Use:   "history [JID]",
		Short: "Show what happened to an account's sessions, or to all",
		Long: "Show every event of an account or of one full JID or, with --since, of all, in\n" +
			"order. Failed logins are among them by their time; they are of another stream,\n" +
			"so they have no sequence. \"rollcall sessions --help\" explains the reasons of a\n" +
			"closed event.",
		Args: arguments(0, 1),
		RunE: verb(func(ctx context.Context, args []string) error {
			h := historian{con: con, lines: newRecordLines(con, asJSON)}
			var err error
			if h.span, err = parseSpan(since, until, time.Now()); err != nil {
				return err
			}
			if len(args) > 0 {
				if h.jid, err = parseTarget(args[0]); err != nil {
					return err
				}
			} else if h.span.since.IsZero() {
				return usagef("give a JID, or for the history of all --since")
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

// A historian writes the history of one account, or of all.
type historian struct {
	con   *console
	jid   events.JID // full: only the sessions of this resource; zero: all accounts
	span  span
	lines *recordLines

	failed []*events.Stored // failed logins that are still to be shown, by time
}

// show merges the two streams by the time at which the server stored their
// records. Sequences of two streams can't be compared; the clock is the same.
func (h *historian) show(ctx context.Context, b *bus.Bus) error {
	if err := h.readFailed(ctx, b.Pre()); err != nil {
		return err
	}
	if h.jid.IsZero() {
		h.lines.ofAll()
	}
	r := events.Range{Account: h.jid.Bare(), Since: h.span.since, Until: h.span.until}
	meant, err := h.sessions(ctx, b.Log(), r)
	if err != nil {
		return err
	}
	for st, err := range b.Log().Read(ctx, r) {
		switch {
		case isPoison(err):
			h.con.say("%s", printable(err.Error()))
			continue
		case err != nil:
			return fmt.Errorf("read the history: %w", err)
		case meant != nil && !meant[st.Session]:
			continue
		}
		if err := h.showFailed(st.At); err != nil {
			return err
		}
		if err := h.lines.write(st); err != nil {
			return err
		}
	}
	// A history that was cut short must not look like a whole one.
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("read the history: %w", err)
	}
	if err := h.showFailed(1<<63 - 1); err != nil {
		return err
	}
	if h.lines.count == 0 {
		h.con.say("no history%s%s", of(h.jid), h.span)
	}
	return h.lines.flush()
}

// sessions are those that a full JID means. Their logins name only the account,
// so they are found by what came after. It is nil if all sessions are meant.
func (h *historian) sessions(ctx context.Context, log events.Log, r events.Range) (map[events.SessionID]bool, error) {
	if h.jid.IsBare() {
		return nil, nil
	}
	meant := make(map[events.SessionID]bool)
	for st, err := range log.Read(ctx, r) {
		switch {
		case isPoison(err):
		case err != nil:
			return nil, fmt.Errorf("read the history: %w", err)
		case st.JID == h.jid:
			meant[st.Session] = true
		}
	}
	return meant, nil
}

// of names an account, if there is one, in words that continue a sentence.
func of(jid events.JID) string {
	if jid.IsZero() {
		return ""
	}
	return " of " + jid.String()
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

// meant reports that a failed login was to this account, or to any. A record that
// names no JID has only the user's name.
func (h *historian) meant(st *events.Stored, f events.AuthFailed) bool {
	switch {
	case h.jid.IsZero():
		return true
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
