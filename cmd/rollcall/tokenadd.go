package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/api/access"
)

// defaultExpiry is after how long a token is good for nothing unless it is said otherwise.
const defaultExpiry = "90d"

func newTokenAdd(con *console, svc *service) *cobra.Command {
	var (
		scopes  []string
		expires string
		asJSON  bool
	)
	cmd := &cobra.Command{
		Use:   "add NAME",
		Short: "Make a token and show it, once",
		Long: "Make a token for a program that uses the API (up --http), and show it. It is\n" +
			"shown nowhere else: only its hash is kept. The audit calls it NAME. With read,\n" +
			"the embedded NATS takes it too, for feeds and for the API's service there.\n\n" +
			"Scopes:\n" +
			"  read          sessions and events, with the networks of clients\n" +
			"  read:address  their addresses too\n" +
			"  account:JID   read and export, for one account, with addresses\n" +
			"  export        everything about any one account\n" +
			"  kick          end sessions\n" +
			"  moderate      disable accounts and ban networks\n" +
			"  operate       drain connectors\n" +
			"  metrics       metrics from other machines\n" +
			"  audit         who asked what about whom, and who changed what\n" +
			"  admin         all of these",
		Example: "  rollcall token add grafana --scope read --expires 365d",
		Args:    arguments(1, 1),
		RunE: verb(func(ctx context.Context, args []string) error {
			list, err := access.ParseScopes(strings.Join(scopes, ","))
			if err != nil {
				return usagef("--scope: %w", err)
			}
			t := access.Token{Name: args[0], Scopes: list}
			if expires != "never" {
				d, err := parseLength("--expires", expires, "12h, 90d or never")
				if err != nil {
					return err
				}
				t.Expires = time.Now().UTC().Add(d).Truncate(time.Second)
			}
			return svc.use(ctx, func(b *bus.Bus) error { return addToken(ctx, con, b, t, asJSON) })
		}),
	}
	cmd.Flags().StringSliceVar(&scopes, "scope", []string{string(access.Read)}, "`SCOPE` of what it may do, or several")
	cmd.Flags().StringVar(&expires, "expires", defaultExpiry, "after this `TIME`, or never")
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object, as token list has it, with the token")
	return cmd
}

// A tokenMade is a new token as scripts see it.
type tokenMade struct {
	tokenView
	Token string `json:"token"` // which lets somebody in, and is shown this once
}

func addToken(ctx context.Context, con *console, b *bus.Bus, t access.Token, asJSON bool) error {
	made, shown, err := access.Add(ctx, b.Tokens(), t)
	if err != nil {
		return err
	}
	if asJSON {
		return con.printJSON(tokenMade{viewToken(&made, time.Now()), shown})
	}
	con.say("the token, which is shown this once:")
	_, err = fmt.Fprintln(con.out, shown)
	return err
}

// scopesText is a token's scopes for people.
func scopesText(t *access.Token) string {
	var texts []string
	for _, s := range t.Scopes {
		texts = append(texts, string(s))
	}
	return strings.Join(texts, ",")
}
