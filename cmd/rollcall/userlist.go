package main

import (
	"cmp"
	"context"
	"time"

	"github.com/spf13/cobra"

	"rollcall/bus"
	"rollcall/projector/query"
	"rollcall/session/auth"
)

// An accountView is an account as scripts see it.
type accountView struct {
	JID      string `json:"jid"`
	Disabled bool   `json:"disabled"`
	Role     string `json:"role"`
	Created  string `json:"created"`
	Changed  string `json:"changed"` // when the password was set last
}

// newUserList reads every document of the accounts, and keeps all of them to
// sort them.
func newUserList(con *console, svc *service) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the accounts",
		Args:  arguments(0, 0),
		RunE: verb(func(ctx context.Context, _ []string) error {
			return svc.use(ctx, func(b *bus.Bus) error { return listAccounts(ctx, con, b, asJSON) })
		}),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line")
	return cmd
}

func listAccounts(ctx context.Context, con *console, b *bus.Bus, asJSON bool) error {
	docs, err := members(ctx, b.Accounts())
	if err != nil {
		return err
	}
	now := time.Now()
	t := newTable(con.out, "ACCOUNT", timeHead("CREATED", con.zoneName(now)), "ROLE", "STATE")
	for _, doc := range docs {
		c, err := auth.DecodeCredentials(doc.Data)
		if err != nil {
			con.say("%s: %v", printable(doc.JID.String()), err)
			continue
		}
		if asJSON {
			v := accountView{doc.JID.String(), c.Disabled, c.Role, query.Timestamp(c.Created.UnixNano()), query.Timestamp(c.Changed.UnixNano())}
			if err := con.printJSON(v); err != nil {
				return err
			}
			continue
		}
		state := "active"
		if c.Disabled {
			state = "disabled"
		}
		if err := t.row(doc.JID.String(), con.stamp(c.Created, now), cmp.Or(c.Role, "-"), state); err != nil {
			return err
		}
	}
	if len(docs) == 0 {
		con.say("no accounts yet; make one with: rollcall user add JID")
	}
	return t.flush()
}
