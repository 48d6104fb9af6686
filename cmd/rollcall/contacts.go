package main

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector/query"
)

// newContacts reads one roster and asks for the table: what a connector shows
// a client is these two put together. Of a moment the table is that of then; the
// roster is not kept as it was.
func newContacts(con *console) *cobra.Command {
	var (
		svc    service
		at     string
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "contacts JID [CONTACT]",
		Short: "Show whom an account sees online, and why",
		Long: "Show an account's contacts, or one of them: who is shown online to it, by which\n" +
			"sessions, and why the others are not. It is the presence that the connectors\n" +
			"send now, except for what block lists hold back (XEP-0191).\n\n" +
			"With --at the sessions are those of a moment. The contacts and subscriptions are\n" +
			"those of now, for rosters of the past are not kept.",
		Args: arguments(1, 2),
		RunE: verb(func(ctx context.Context, args []string) error {
			var jids [2]events.JID
			for i, arg := range args {
				var err error
				if jids[i], err = parseAccount(arg); err != nil {
					return err
				}
			}
			m, err := parseMoment(at, time.Now())
			if err != nil {
				return err
			}
			return svc.use(ctx, func(b *bus.Bus) error {
				if contact := jids[1]; !contact.IsZero() && contact != jids[0] {
					putAbout(ctx, b, contact) // too: it is about two
				}
				list, known, err := sourceOf(con, b).Contacts(ctx, jids[0], jids[1], m)
				if err != nil {
					return err
				}
				if err := sayKnown(ctx, con, b, known.Whole, m); err != nil {
					return err
				}
				if !ask.IsNow(m) {
					con.say("note: the contacts are those of now, and the sessions those of then")
				}
				return showContacts(con, jids[0], list, asJSON)
			})
		}),
	}
	svc.flags(cmd)
	cmd.Flags().StringVar(&at, "at", "", "by the sessions at a `TIME|SEQ`")
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line")
	con.wideFlag(cmd)
	return cmd
}

// showContacts writes a line for each contact, or each session that makes it
// online.
func showContacts(c *console, account events.JID, list []ask.Contact, asJSON bool) error {
	now := time.Now()
	t := newTable(c, "CONTACT", "SUBSCRIPTION", "SHOWN", "BECAUSE").sentences()
	for _, v := range list {
		if asJSON {
			if err := c.printJSON(v); err != nil {
				return err
			}
			continue
		}
		if !v.Online {
			if err := t.row(v.Contact, v.Subscription, "offline", v.Reason); err != nil {
				return err
			}
		}
		for _, s := range v.Sessions {
			if err := t.row(s.JID.String(), v.Subscription, "online", because(c, &s, now)); err != nil {
				return err
			}
		}
	}
	if len(list) == 0 {
		c.say("%s has no contacts", account)
	}
	return t.flush()
}

// because says why a session makes its account online.
func because(c *console, s *query.Session, now time.Time) string {
	at := query.Time(cmp.Or(s.PresenceAt, s.Since))
	why := fmt.Sprintf("available on %s since %s %s", s.Connector, c.stamp(at, now), c.zoneName(now))
	switch {
	case s.Lost:
		why += "; that connector is lost, so not for long"
	case s.Detached:
		why += "; disconnected, may resume"
	}
	return why
}
