package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"rollcall/bus"
	"rollcall/cmd/rollcall/ask"
	"rollcall/events"
	"rollcall/replay"
	"rollcall/session/auth"
)

// newRoute reads the history of one account and decides as a connector does,
// whose table is that history folded.
func newRoute(con *console) *cobra.Command {
	var (
		svc    service
		at     string
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "route JID",
		Short: "Show where a stanza to JID goes, and why",
		Long: "Show where a stanza to a bare or full JID goes, and why: for messages of type\n" +
			"chat and normal, headlines, groupchat messages, presence and iq. The numbers in\n" +
			"brackets are sections of RFC 6121.\n\n" +
			"With --at a session counts as long as its connector held its lease, as far as\n" +
			"the log knew. A connector may have been dead before its lease ended: a note\n" +
			"names the sessions that ended so.",
		Args: arguments(1, 1),
		RunE: verb(func(ctx context.Context, args []string) error {
			jid, err := parseTarget(args[0])
			if err != nil {
				return err
			}
			m, err := parseMoment(at, time.Now())
			if err != nil {
				return err
			}
			return svc.use(ctx, func(b *bus.Bus) error {
				r, err := recipientAt(ctx, con, b, jid, m)
				if err != nil {
					return err
				}
				if err := sayBeginning(ctx, con, b, m); err != nil {
					return err
				}
				if err := sayLost(ctx, con, b, r, m); err != nil {
					return err
				}
				return showRoute(con, r.explain(), asJSON)
			})
		}),
	}
	svc.flags(cmd)
	cmd.Flags().StringVar(&at, "at", "", "as it was at a `TIME|SEQ`")
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line, one for each kind of stanza")
	return cmd
}

// recipientAt finds what the rules look at, of one moment.
func recipientAt(ctx context.Context, con *console, b *bus.Bus, to events.JID, m replay.Moment) (*recipient, error) {
	account, err := replay.AccountAt(ctx, archive(con, b), to.Bare(), m)
	if err != nil {
		return nil, err
	}
	exists := account != nil && len(account.Sessions()) > 0
	lost, err := lostAt(ctx, b, m)
	if err != nil {
		return nil, err
	}
	if !exists {
		if exists, err = existed(ctx, b, to.Bare(), m); err != nil {
			return nil, err
		}
	}
	r := newRecipient(to, account, exists, lost)
	served, known, err := servedDomains(ctx, b)
	r.foreign = known && account == nil && !slices.Contains(served, to.Domain())
	return r, err
}

// lostAt tells whose lease had ended at a moment: by the leases that there are, or by
// what the log said then.
func lostAt(ctx context.Context, b *bus.Bus, m replay.Moment) (func(events.Incarnation) bool, error) {
	if !ask.IsNow(m) {
		leases, err := replay.LeasesAt(ctx, b.Log(), m)
		return leases.HasEnded, err
	}
	held, err := b.Leases().Alive(ctx)
	return func(i events.Incarnation) bool { return !events.Leased(held, i) }, err
}

// sayLost tells people who ask about the past which of the sessions the log
// closed later for the sake of their connector: when that died is not known.
func sayLost(ctx context.Context, con *console, b *bus.Bus, r *recipient, m replay.Moment) error {
	if ask.IsNow(m) || len(r.here.Sessions()) == 0 {
		return nil
	}
	span := events.Range{Account: r.to.Bare(), After: m.Seq, Since: m.Time}
	for st, err := range b.Log().Read(ctx, span) {
		if err != nil {
			if events.IsPoison(err) {
				continue
			}
			return err
		}
		s := r.here.Session(st.Session)
		if e, ok := st.Event.(events.Closed); ok && s != nil && e.Reason == events.ReasonConnectorLost {
			con.say("note: %s was closed at event %d, %s %s, because its connector %s was lost, maybe some time before",
				printable(s.JID().String()), st.Seq, con.stamp(st.StoredAt(), time.Now()), con.zoneName(st.StoredAt()), printable(s.Connector().Name))
		}
	}
	return nil
}

// existed reports whether there was such an account: now by its credentials,
// then by what its history says last, or said to have begun later.
func existed(ctx context.Context, b *bus.Bus, account events.JID, m replay.Moment) (bool, error) {
	if ask.IsNow(m) {
		_, err := storeOf(b).Credentials(ctx, account)
		if errors.Is(err, auth.ErrNoAccount) {
			return false, nil
		}
		return err == nil, err
	}
	exists := false
	span := events.Range{Account: account, To: m.Seq}
	if !m.Time.IsZero() {
		span.Until = m.Time.Add(1)
	}
	for st, err := range b.Log().Read(ctx, span) {
		switch {
		case events.IsPoison(err):
		case err != nil:
			return false, err
		default:
			exists = st.Event.Kind() != events.KindAccountRemoved
		}
	}
	return exists, nil
}

// showRoute writes for each kind of stanza where it goes, and below it why. People
// need not be told twice of messages whose types don't matter.
func showRoute(c *console, all []verdict, asJSON bool) error {
	var page strings.Builder
	for i := range all {
		v := &all[i]
		if asJSON {
			if err := c.printJSON(v); err != nil {
				return err
			}
			continue
		}
		label := v.Stanza
		if label == "chat" && alike(v, &all[i+1]) {
			continue
		}
		if label == "normal" && alike(v, &all[i-1]) {
			label = "message"
		}
		writeVerdict(&page, label, v, columns(c.out))
	}
	_, err := io.WriteString(c.out, page.String())
	return err
}

// writeVerdict has its lines end within a terminal's columns; screen is 0 where
// there is none.
func writeVerdict(page *strings.Builder, label string, v *verdict, screen int) {
	line := func(indent, text string) {
		fmt.Fprintf(page, "%-10s %s%s\n", label, indent, text)
		label = ""
	}
	if len(v.Targets) == 0 {
		line("", v.words())
	}
	for _, to := range v.Targets {
		line("", fmt.Sprintf("to %s, priority %d, on %s", printable(to.JID.String()), to.Priority, printable(to.Connector)))
	}
	for _, part := range fold(v.Reason, screen-len("chat         ")) {
		line("  ", part)
	}
}

// alike reports two verdicts that decide the same for the same reason.
func alike(v, o *verdict) bool {
	return v.Action == o.Action && v.Error == o.Error && v.Reason == o.Reason && slices.Equal(v.Targets, o.Targets)
}
