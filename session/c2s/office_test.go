package c2s_test

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"net/netip"

	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/auth"
	"github.com/rollcall-xmpp/rollcall/session/bans"
	"github.com/rollcall-xmpp/rollcall/session/c2s"
	"github.com/rollcall-xmpp/rollcall/session/commands"
	"github.com/rollcall-xmpp/rollcall/session/roles"
)

// An office administers the accounts of a world, as accounts.Admin does with documents.
type office struct {
	commands.Accounts // Credentials is the world's
	w                 *world
	recorded          []string // what was put on record
	full              bool     // nothing more can be
	bans              *bustest.Documents
	tables            []*bans.Table // of the nodes
}

// administered is a tune by which admins can use commands.
func (o *office) administered(c *c2s.Config) {
	if o.bans == nil {
		o.bans = bustest.NewDocuments()
	}
	c.Bans = new(bans.Table)
	o.tables = append(o.tables, c.Bans)
	c.Administration = &c2s.Administration{
		Accounts: o,
		Sessions: func(read func(events.Position, iter.Seq[*session.Account])) { o.w.nodes[0].table.Snapshot(read) },
		Record: func(_ context.Context, by events.Actor, command string, about events.JID) error {
			if o.full {
				return errors.New("the disk is full")
			}
			o.recorded = append(o.recorded, string(by)+" "+command+" "+about.String())
			return nil
		},
	}
}

func (o *office) Credentials(ctx context.Context, account events.JID) (*auth.Credentials, error) {
	return o.w.people.Credentials(ctx, account)
}

func (o *office) Create(ctx context.Context, by events.Actor, account events.JID, _ string) error {
	if _, err := o.Credentials(ctx, account); err == nil {
		return events.ErrConflict
	}
	o.w.people.put(account, credentials())
	_, err := o.do(ctx, account, session.CreateAccount{By: by})
	return err
}

func (o *office) SetPassword(ctx context.Context, by events.Actor, account events.JID, _ string) ([]*session.Session, error) {
	_, err := o.do(ctx, account, session.ChangePassword{By: by})
	return nil, err
}

func (o *office) Kick(ctx context.Context, account events.JID, k session.Kick) ([]*session.Session, events.Seq, error) {
	at, err := o.do(ctx, account, k)
	if errors.Is(err, session.ErrGone) {
		err = nil
	}
	return nil, at, err
}

func (o *office) Disable(ctx context.Context, account events.JID, c session.DisableAccount) ([]*session.Session, events.Seq, error) {
	k := *credentials()
	k.Disabled, k.Disabling.Reason = true, c.Text
	o.w.people.put(account, &k)
	at, err := o.do(ctx, account, c)
	return nil, at, err
}

func (o *office) Enable(ctx context.Context, by events.Actor, account events.JID) (events.Seq, error) {
	if k, err := o.Credentials(ctx, account); err != nil || !k.Disabled {
		return 0, err
	}
	o.w.people.put(account, credentials())
	return o.do(ctx, account, session.EnableAccount{By: by})
}

func (o *office) SetRole(ctx context.Context, by events.Actor, account events.JID, set *roles.Set, role, why string) ([]*session.Session, error) {
	old, err := o.Credentials(ctx, account)
	if err != nil {
		return nil, err
	}
	k := *old
	k.Role = role
	o.w.people.put(account, &k)
	_, err = o.do(ctx, account, session.ChangeRole{
		Role: role, Was: cmp.Or(old.Role, roles.Default), NoLess: set.Role(role).Covers(set.Role(old.Role)), Assumable: namesOf(set.Assumable(role, k.Further)), By: by, Text: why,
	})
	return nil, err
}

func (o *office) Ban(ctx context.Context, b bans.Ban) (events.Seq, error) {
	return 0, o.afterBans(ctx, bans.Add(ctx, o.bans, b))
}

func (o *office) Unban(ctx context.Context, _ events.Actor, network netip.Prefix) (events.Seq, error) {
	return 0, o.afterBans(ctx, bans.Remove(ctx, o.bans, network))
}

func (o *office) ListBans(ctx context.Context) ([]bans.Ban, error) { return bans.List(ctx, o.bans) }

// afterBans has the nodes see what was changed.
func (o *office) afterBans(ctx context.Context, err error) error {
	for i, t := range o.tables {
		if err == nil {
			err = t.Read(ctx, o.bans)
			o.w.nodes[i].server.EnforceBans()
		}
	}
	return err
}

// do writes in the name of a tool that holds no session.
func (o *office) do(ctx context.Context, account events.JID, c session.Command) (events.Seq, error) {
	h := session.NewHistories(o.w.log)
	svc, err := session.NewService(session.Config{Log: o.w.log, Accounts: h, Connector: events.Incarnation{Name: "commands"}})
	if err != nil {
		return 0, err
	}
	_, at, err := svc.Do(ctx, account, events.ConnID{}, c)
	return at.Seq, err
}
