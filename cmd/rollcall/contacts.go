package main

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"rollcall/bus"
	"rollcall/cmd/rollcall/ask"
	"rollcall/events"
	"rollcall/projector/query"
	"rollcall/replay"
	"rollcall/session/roster"
)

// A contactView is what an account is shown of one of its contacts, and why. Its
// JSON names are an interface, as query.Session's are.
type contactView struct {
	Account      string          `json:"account"`
	Contact      string          `json:"contact"`
	Name         string          `json:"name"`         // as the account calls it
	Subscription string          `json:"subscription"` // RFC 6121, 2.1.2.5
	Ask          bool            `json:"ask"`          // a request is not answered yet
	Online       bool            `json:"online"`       // what the account's clients show
	Reason       string          `json:"reason"`
	Sessions     []query.Session `json:"sessions"` // that make the contact online
}

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
				list, err := contactsOf(ctx, con, b, jids[0], jids[1], m)
				if err != nil {
					return err
				}
				return showContacts(con, jids[0], list, asJSON)
			})
		}),
	}
	svc.flags(cmd)
	cmd.Flags().StringVar(&at, "at", "", "by the sessions at a `TIME|SEQ`")
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line")
	return cmd
}

// contactsOf explains every contact, or only one if it is not zero.
func contactsOf(ctx context.Context, con *console, b *bus.Bus, account, only events.JID, m replay.Moment) (list []contactView, err error) {
	r, err := storeOf(b).Contacts(ctx, account)
	if err != nil {
		return nil, err
	}
	all, whole, err := sourceOf(con, b).Sessions(ctx, ask.Which{}, m)
	if err != nil {
		return nil, err
	}
	if err := sayKnown(ctx, con, b, whole, m); err != nil {
		return nil, err
	}
	if !ask.IsNow(m) {
		con.say("note: the contacts are those of now, and the sessions those of then")
	}
	sessions := make(map[events.JID][]query.Session)
	for _, v := range all {
		sessions[v.JID.Bare()] = append(sessions[v.JID.Bare()], v)
	}
	if !only.IsZero() {
		item, ok := r.Get(only)
		if !ok {
			item.JID = only
		}
		return []contactView{explainContact(account, item, ok, sessions[only])}, nil
	}
	for item := range r.Items() {
		list = append(list, explainContact(account, item, true, sessions[item.JID]))
	}
	return list, nil
}

// explainContact says whether a contact is shown online, and why.
func explainContact(account events.JID, item roster.Item, listed bool, sessions []query.Session) contactView {
	v := contactView{
		Account: account.String(), Contact: item.JID.String(), Name: item.Name,
		Subscription: item.Subscription.String(), Ask: item.Ask, Sessions: []query.Session{},
	}
	sees := item.Subscription == roster.To || item.Subscription == roster.Both || account == item.JID
	for _, s := range sessions {
		if sees && s.Available {
			v.Online, v.Sessions = true, append(v.Sessions, s)
		}
	}
	switch {
	case v.Online:
		v.Reason = "available sessions, and the contact's presence is subscribed to"
	case !listed && !sees:
		v.Reason = "not in the roster"
	case !sees && item.Ask:
		v.Reason = "asked for the contact's presence, no answer yet"
	case !sees:
		v.Reason = "not subscribed to the contact's presence"
	case len(sessions) > 0:
		v.Reason = plural(len(sessions), "session") + " without presence"
	default:
		v.Reason = "no session"
	}
	return v
}

// showContacts writes a line for each contact, or each session that makes it
// online.
func showContacts(c *console, account events.JID, list []contactView, asJSON bool) error {
	now := time.Now()
	t := newTable(c.out, "CONTACT", "SUBSCRIPTION", "SHOWN", "BECAUSE")
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
