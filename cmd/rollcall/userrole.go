package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/accounts"
	"github.com/rollcall-xmpp/rollcall/session/auth"
	"github.com/rollcall-xmpp/rollcall/session/roles"
)

// newUserRole shows or changes what an account may do.
func newUserRole(con *console, svc *service) *cobra.Command {
	var (
		change accounts.RoleChange
		why    penalty
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "role JID [ROLE]",
		Short: "Show or change an account's roles",
		Long: "Show an account's roles, or give it another primary one, with which its sessions\n" +
			"begin. It may have further ones, which a session can change to from its client,\n" +
			"by an ad-hoc command. Built in are guest, registered, member, admin and\n" +
			"operator, each with all that the one before it may do; a configuration file can\n" +
			"define others ([role.NAME]), which are known here while a connector runs.\n\n" +
			"A change is in effect at every connector at once. Sessions that may do less by\n" +
			"it are ended, and their clients log in anew.",
		Example: "  rollcall user role bob@localhost\n" +
			"  rollcall user role bob@localhost admin --reason 'on call'\n" +
			"  rollcall user role bob@localhost --add support",
		Args: arguments(1, 2),
		RunE: verb(func(ctx context.Context, args []string) error {
			account, err := parseAccount(args[0])
			if err != nil {
				return err
			}
			if len(args) > 1 {
				change.Primary = args[1]
			}
			if err := why.checkReason(); err != nil {
				return err
			}
			if change.Primary == "" && len(change.Add)+len(change.Remove) == 0 {
				return svc.use(ctx, func(b *bus.Bus) error { return showRoles(ctx, con, b, account, asJSON) })
			}
			return svc.administer(ctx, func(b *bus.Bus, admin *accounts.Admin) error {
				change.By, change.Text = operator(), why.reason
				return changeRoles(ctx, con, b, admin, account, change, asJSON)
			})
		}),
	}
	f := cmd.Flags()
	f.StringSliceVar(&change.Add, "add", nil, "further `ROLES`")
	f.StringSliceVar(&change.Remove, "remove", nil, "`ROLES` that are no longer further ones")
	f.StringVar(&why.reason, "reason", "", "`TEXT` for the history")
	f.BoolVar(&asJSON, "json", false, "one JSON object")
	return cmd
}

func changeRoles(ctx context.Context, con *console, b *bus.Bus, admin *accounts.Admin, account events.JID, c accounts.RoleChange, asJSON bool) (err error) {
	if c.Roles, err = ask.Roles(ctx, b.Leases()); err != nil {
		return err
	}
	done, err := admin.ChangeRoles(ctx, account, c)
	if err != nil {
		return err
	}
	o := outcome{account: account, same: done.Same, ended: done.Ended}
	if o.text = fmt.Sprintf("%s is %s; ended %s", account, rolesText(done.Now), plural(len(done.Ended), "session")); done.Same {
		o.text = fmt.Sprintf("%s is %s already; nothing was changed", account, rolesText(done.Now))
	}
	return con.tellChange(ctx, admin, o, asJSON)
}

// A rolesView is what an account may do, as scripts see it.
type rolesView struct {
	JID         events.JID `json:"jid"`
	Role        string     `json:"role"`
	Further     []string   `json:"further_roles"`
	Permissions []string   `json:"permissions"` // of the primary role
}

func showRoles(ctx context.Context, con *console, b *bus.Bus, account events.JID, asJSON bool) error {
	c, err := storeOf(b).Credentials(ctx, account)
	if err != nil {
		return fmt.Errorf("%s: %w", account, err)
	}
	set, err := ask.Roles(ctx, b.Leases())
	if err != nil {
		return err
	}
	v := viewRoles(set, account, c)
	if asJSON {
		return con.printJSON(v)
	}
	for i, name := range append([]string{v.Role}, v.Further...) {
		role, which := set.Role(name), "primary"
		if i > 0 {
			which = "further"
		}
		allows := role.String()
		if role == nil {
			allows = "nothing, for no connector that runs defines it"
		}
		if _, err := fmt.Fprintf(con.out, "%s (%s) may:\n%s", name, which, indented(allows)); err != nil {
			return err
		}
	}
	return nil
}

// indented breaks a text into lines that fit 80 columns, each with two spaces before it.
func indented(text string) string {
	var b strings.Builder
	column := 0
	for _, word := range strings.Fields(text) {
		switch {
		case column == 0:
			b.WriteString("  ")
		case column+1+len(word) > 76:
			b.WriteString("\n  ")
			column = 0
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += len(word)
	}
	return b.String() + "\n"
}

func viewRoles(set *roles.Set, account events.JID, c *auth.Credentials) rolesView {
	v := rolesView{JID: account, Role: cmp.Or(c.Role, roles.Default), Further: append([]string{}, c.Further...), Permissions: []string{}}
	for p := range roles.Permissions() {
		if set.May(v.Role, p) {
			v.Permissions = append(v.Permissions, p.String())
		}
	}
	slices.Sort(v.Permissions)
	return v
}

// checkRole refuses a role that is not there; "" is the default.
func checkRole(ctx context.Context, b *bus.Bus, name string) error {
	set, err := ask.Roles(ctx, b.Leases())
	if err == nil && set.Role(name) == nil {
		err = usagef("--role: there is no role %s; there are %s", name, set)
	}
	return err
}
