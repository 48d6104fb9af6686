package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector/query"
	"github.com/rollcall-xmpp/rollcall/replay"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/accounts"
	"github.com/rollcall-xmpp/rollcall/session/auth"
)

// newKick ends sessions by appending to the log; it talks to no connector. So
// it works on a session whose connector is dead, too.
func newKick(con *console) *cobra.Command {
	var (
		svc    service
		p      penalty
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "kick JID|SESSION",
		Short: "End a session, by its full JID or its id, or all of an account",
		Long: "End a session, by its full JID or its id, or all of an account. With --for\n" +
			"nobody can log in to the account for that time, as by \"user disable\"; those of\n" +
			"its sessions that were not meant go on.",
		Args: arguments(1, 1),
		RunE: verb(func(ctx context.Context, args []string) error {
			k, err := parseKick(args[0])
			if err != nil {
				return err
			}
			if k.until, err = p.check(time.Now()); err != nil {
				return err
			}
			k.Text, k.By, k.asJSON = p.reason, operator(), asJSON
			return svc.administer(ctx, func(b *bus.Bus, admin *accounts.Admin) error { return k.kick(ctx, con, b, admin) })
		}),
	}
	svc.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object a session that was ended")
	p.flags(cmd, "refuse logins to its account for this `TIME`")
	return cmd
}

// A kicking is a kick as it was asked for.
type kicking struct {
	session.Kick
	of    events.JID // whose session, or sessions; zero: that of an id, whosever it is
	until time.Time  // nobody can log in to the account before it; zero: anybody can

	asJSON bool // the answer

	disabled bool      // once that is done: its account, for longer than was asked for if it was so before
	holds    time.Time // when that ends; zero: never
}

// A kickedView is a session that was ended, as scripts see it.
type kickedView struct {
	endedView
	Disabled bool    `json:"disabled"`       // its account: nobody can log in to it
	Until    *string `json:"disabled_until"` // null: until it is enabled, or it is not disabled
}

func parseKick(target string) (k kicking, err error) {
	if id, err := events.ParseID(target); err == nil { // which is no user@domain
		k.Session = events.SessionID(id)
		return k, nil
	}
	k.of, err = parseTarget(target)
	k.Resource = k.of.Resource()
	return k, err
}

// kick ends sessions and names them.
func (k *kicking) kick(ctx context.Context, con *console, b *bus.Bus, admin *accounts.Admin) error {
	if k.of.IsZero() {
		list, _, err := sourceOf(con, b).Sessions(ctx, ask.Which{}, replay.Moment{})
		if err != nil {
			return err
		}
		i := slices.IndexFunc(list, func(s query.Session) bool { return s.ID == k.Session.String() })
		if i >= 0 {
			k.of = list[i].JID
		}
		putAbout(ctx, b, k.of.Bare())
		if i < 0 {
			return fmt.Errorf("there is no session %s", k.Session)
		}
	}
	ended, err := k.end(ctx, admin)
	if err != nil {
		return err
	}
	if len(ended) == 0 && k.until.IsZero() {
		return fmt.Errorf("%s has no session", k.of)
	}
	account, err := admin.Credentials(ctx, k.of.Bare())
	switch {
	case errors.Is(err, auth.ErrNoAccount): // a guest's
	case err != nil:
		return fmt.Errorf("%s was kicked, but its account can't be read: %w", k.of, err)
	case account.DisabledAt(time.Now()):
		k.disabled, k.holds = true, account.Disabling.Until
	}
	return k.tell(con, ended)
}

// tell names the sessions that were ended, and says how long the account is disabled.
func (k *kicking) tell(con *console, ended []*session.Session) error {
	for _, s := range ended {
		var err error
		if k.asJSON {
			err = con.printJSON(kickedView{viewEnded(s), k.disabled, timestampOrNull(k.holds)})
		} else {
			_, err = fmt.Fprintf(con.out, "kicked %s on %s\n", printable(s.JID().String()), printable(s.Connector().Name))
		}
		if err != nil {
			return err
		}
	}
	if k.until.IsZero() || k.asJSON {
		return nil
	}
	text := "disabled " + printable(k.of.Bare().String()) + con.untilText(k.holds, time.Now())
	if !k.holds.Equal(k.until) {
		text += ", as before: that is longer"
	}
	_, err := fmt.Fprintln(con.out, text)
	return err
}

// end ends the sessions, and keeps them from coming back if that is asked for.
func (k *kicking) end(ctx context.Context, admin *accounts.Admin) (ended []*session.Session, err error) {
	if k.until.IsZero() {
		ended, _, err = admin.Kick(ctx, k.of, k.Kick)
		return ended, err
	}
	ended, _, err = admin.Disable(ctx, k.of.Bare(), session.DisableAccount{
		Until: k.until.UnixNano(), Reason: events.ReasonKicked, Resource: k.Resource, Session: k.Session, Text: k.Text, By: k.By,
	})
	return ended, err
}
