package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector/query"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/accounts"
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

func viewAccount(account events.JID, c *auth.Credentials, now time.Time) accountView {
	v := accountView{
		JID: account.String(), Disabled: c.DisabledAt(now), Role: cmp.Or(c.Role, roles.Default), Further: append([]string{}, c.Further...),
		Created: query.Timestamp(c.Created.UnixNano()), Changed: query.Timestamp(c.Changed.UnixNano()),
	}
	if v.Disabled {
		v.DisabledUntil = timestampOrNull(c.Disabling.Until)
		v.DisabledReason, v.DisabledBy = orNull(c.Disabling.Reason), orNull(string(c.Disabling.By))
	}
	return v
}

// An endedView is a session that was ended, as scripts see it.
type endedView struct {
	ID        string `json:"id"`
	JID       string `json:"jid"`
	Connector string `json:"connector"` // that held it
}

func viewEnded(s *session.Session) endedView {
	return endedView{ID: s.ID.String(), JID: s.JID().String(), Connector: s.Connector().Name}
}

// An accountChange is what a verb has made of an account, as scripts see it.
type accountChange struct {
	JID     string       `json:"jid"`
	Changed bool         `json:"changed"` // false: it was so already
	Ended   []endedView  `json:"ended"`   // sessions
	Account *accountView `json:"account"` // as it is now; null: there is none
}

// An outcome is a change of an account, for people and for scripts.
type outcome struct {
	account events.JID
	same    bool // it was so already
	ended   []*session.Session
	text    string // a line for people
}

// tellChange says what has come of a change. Scripts are told the account as it is now.
func (c *console) tellChange(ctx context.Context, admin *accounts.Admin, o outcome, asJSON bool) error {
	if !asJSON {
		_, err := fmt.Fprintln(c.out, o.text)
		return err
	}
	v := accountChange{JID: o.account.String(), Changed: !o.same, Ended: []endedView{}}
	for _, s := range o.ended {
		v.Ended = append(v.Ended, viewEnded(s))
	}
	k, err := admin.Credentials(ctx, o.account)
	switch {
	case err == nil:
		account := viewAccount(o.account, k, time.Now())
		v.Account = &account
	case !errors.Is(err, auth.ErrNoAccount):
		return fmt.Errorf("%s is changed, but can't be read: %w", o.account, err)
	}
	return c.printJSON(v)
}
