package main

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/projector/query"
	"github.com/rollcall-xmpp/rollcall/session/auth"
	"github.com/rollcall-xmpp/rollcall/session/roles"
)

// An accountView is an account as scripts see it.
type accountView struct {
	JID      string `json:"jid"`
	Disabled bool   `json:"disabled"`
	Role     string `json:"role"` // the primary one
	Created  string `json:"created"`
	Changed  string `json:"changed"` // when the password was set last
	// Of one that is disabled; null where that does not end by itself, or was not said.
	DisabledUntil  *string  `json:"disabled_until"`
	DisabledReason *string  `json:"disabled_reason"`
	DisabledBy     *string  `json:"disabled_by"`
	Further        []string `json:"further_roles"` // that its sessions may change to
}

// newUserList lists the accounts, all of which are held in memory to sort them.
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
	list, err := storeOf(b).List(ctx)
	if err != nil {
		return err
	}
	now := time.Now()
	t := newTable(con.out, "ACCOUNT", timeHead("CREATED", con.zoneName(now)), "ROLE", "STATE")
	for _, a := range list {
		if a.Err != nil {
			con.say("%s: %v", printable(a.JID.String()), a.Err)
			continue
		}
		c := a.Credentials
		if asJSON {
			v := accountView{
				JID: a.JID.String(), Disabled: c.DisabledAt(now), Role: cmp.Or(c.Role, roles.Default), Further: append([]string{}, c.Further...),
				Created: query.Timestamp(c.Created.UnixNano()), Changed: query.Timestamp(c.Changed.UnixNano()),
			}
			if v.Disabled {
				v.disabling(c.Disabling)
			}
			if err := con.printJSON(v); err != nil {
				return err
			}
			continue
		}
		state := "active"
		if c.DisabledAt(now) {
			if state = "disabled"; !c.Disabling.Until.IsZero() {
				state += " until " + con.stamp(c.Disabling.Until, now)
			}
		}
		if err := t.row(a.JID.String(), con.stamp(c.Created, now), rolesText(c), state); err != nil {
			return err
		}
	}
	if len(list) == 0 {
		con.say("no accounts yet; make one with: rollcall user add JID")
	}
	return t.flush()
}

// rolesText is the primary role and, with a plus, each of the further ones.
func rolesText(c *auth.Credentials) string {
	return strings.Join(append([]string{cmp.Or(c.Role, roles.Default)}, c.Further...), "+")
}

func (v *accountView) disabling(d auth.Disabling) {
	if !d.Until.IsZero() {
		until := query.Timestamp(d.Until.UnixNano())
		v.DisabledUntil = &until
	}
	if d.Reason != "" {
		v.DisabledReason = &d.Reason
	}
	if by := string(d.By); by != "" {
		v.DisabledBy = &by
	}
}
