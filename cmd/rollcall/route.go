package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
	"github.com/rollcall-xmpp/rollcall/projector/query"
)

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
				r, err := sourceOf(con, b).Route(ctx, jid, m)
				if err != nil {
					return err
				}
				if err := sayBeginning(ctx, con, b, m); err != nil {
					return err
				}
				sayLost(con, r.Closed)
				return showRoute(con, r.Verdicts, asJSON)
			})
		}),
	}
	svc.flags(cmd)
	cmd.Flags().StringVar(&at, "at", "", "as it was at a `TIME|SEQ`")
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line, one for each kind of stanza")
	return cmd
}

// sayLost tells people who ask about the past which of the sessions the log
// closed later for the sake of their connector: when that died is not known.
func sayLost(con *console, closed []ask.LostLater) {
	for _, l := range closed {
		at := query.Time(l.Time)
		con.say("note: %s was closed at event %d, %s %s, because its connector %s was lost, maybe some time before",
			printable(l.JID.String()), l.Seq, con.stamp(at, time.Now()), con.zoneName(at), printable(l.Connector))
	}
}

// showRoute writes for each kind of stanza where it goes, and below it why. People
// need not be told twice of messages whose types don't matter.
func showRoute(c *console, all []ask.Verdict, asJSON bool) error {
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
		writeVerdict(&page, label, v, c.columns())
	}
	_, err := io.WriteString(c.out, page.String())
	return err
}

// writeVerdict has its lines end within a terminal's columns; screen is 0 where
// there is none.
func writeVerdict(page *strings.Builder, label string, v *ask.Verdict, screen int) {
	line := func(indent, text string) {
		fmt.Fprintf(page, "%-10s %s%s\n", label, indent, text)
		label = ""
	}
	if len(v.Targets) == 0 {
		line("", v.Words())
	}
	for _, to := range v.Targets {
		line("", fmt.Sprintf("to %s, priority %d, on %s", printable(to.JID.String()), to.Priority, printable(to.Connector)))
	}
	for _, part := range fold(v.Reason, screen-len("chat         ")) {
		line("  ", part)
	}
}

// alike reports two verdicts that decide the same for the same reason.
func alike(v, o *ask.Verdict) bool {
	return v.Action == o.Action && v.Error == o.Error && v.Reason == o.Reason && slices.Equal(v.Targets, o.Targets)
}
