package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/api/access"
)

// A tokenView is a token as scripts see it: without anything that lets somebody in.
type tokenView struct {
	Name    string         `json:"name"`
	Scopes  []access.Scope `json:"scopes"`
	Made    time.Time      `json:"made"`
	Expires *time.Time     `json:"expires"` // null: never
	Expired bool           `json:"expired"`
}

func viewToken(t *access.Token, now time.Time) tokenView {
	return tokenView{Name: t.Name, Scopes: t.Scopes, Made: t.Made, Expires: unlessZero(t.Expires), Expired: t.Expired(now)}
}

func newTokenList(con *console, svc *service) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List tokens, without their secrets",
		Args:  arguments(0, 0),
		RunE: verb(func(ctx context.Context, _ []string) error {
			return svc.use(ctx, func(b *bus.Bus) error {
				all, err := access.List(ctx, b.Tokens())
				if err != nil {
					return err
				}
				return showTokens(con, all, asJSON)
			})
		}),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line")
	con.wideFlag(cmd)
	return cmd
}

func showTokens(con *console, all []access.Token, asJSON bool) error {
	now := time.Now()
	t := newTable(con, "NAME", "SCOPES", timeHead("MADE", con.zoneName(now)), timeHead("EXPIRES", con.zoneName(now)))
	for i := range all {
		token := &all[i]
		expires := con.stampOr(token.Expires, now, "never")
		if token.Expired(now) {
			expires += " (expired)"
		}
		var err error
		if asJSON {
			err = con.printJSON(viewToken(token, now))
		} else {
			err = t.row(token.Name, scopesText(token), con.stamp(token.Made, now), expires)
		}
		if err != nil {
			return err
		}
	}
	if len(all) == 0 {
		con.say("no tokens")
	}
	return t.flush()
}
