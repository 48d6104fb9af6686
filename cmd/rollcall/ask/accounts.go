package ask

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector/query"
	"github.com/rollcall-xmpp/rollcall/session/auth"
	"github.com/rollcall-xmpp/rollcall/session/roles"
)

// An Account is one that was made here, as scripts see it.
type Account struct {
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

// AccountOf is the view of an account at a time.
func AccountOf(account events.JID, c *auth.Credentials, now time.Time) Account {
	v := Account{
		JID: account.String(), Disabled: c.DisabledAt(now), Role: cmp.Or(c.Role, roles.Default), Further: append([]string{}, c.Further...),
		Created: query.Timestamp(c.Created.UnixNano()), Changed: query.Timestamp(c.Changed.UnixNano()),
	}
	if v.Disabled {
		v.DisabledUntil = unlessEmpty(rfc3339(c.Disabling.Until))
		v.DisabledReason, v.DisabledBy = unlessEmpty(c.Disabling.Reason), unlessEmpty(string(c.Disabling.By))
	}
	return v
}

func unlessEmpty(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// An AccountQuery says which accounts are meant, and how many are wanted.
type AccountQuery struct {
	Prefix   string // with which the JID begins, in lower case; "": any
	Role     string // the primary one, or a further one; "": any
	Disabled *bool  // nil: either
	After    events.JID
	Limit    int
}

// An AccountPage is accounts by domain and then by name.
type AccountPage struct {
	Items    []Account
	Next     events.JID // to go on after, unless it is Complete
	Complete bool
	Total    int // that are meant, those of other pages among them
	Damaged  int // that begin so, and can't be read
}

// Keys has a document of credentials for each account; bus.Documents does.
type Keys interface {
	events.Documents
	All(context.Context) iter.Seq2[events.Document, error]
}

// Page reads the documents of all accounts, and holds some hundred more than it gives.
func (q *AccountQuery) Page(ctx context.Context, keys Keys, now time.Time) (p AccountPage, err error) {
	var kept []account
	byJID := func(a, b account) int { return a.jid.Compare(b.jid) }
	for doc, err := range keys.All(ctx) {
		if err != nil {
			return p, err
		}
		if doc.JID.Local() == "" || !strings.HasPrefix(doc.JID.String(), q.Prefix) {
			continue
		}
		c, err := auth.DecodeCredentials(doc.Data)
		if err != nil {
			p.Damaged++
			continue
		}
		if !q.has(c, now) {
			continue
		}
		if p.Total++; !q.After.IsZero() && doc.JID.Compare(q.After) <= 0 {
			continue
		}
		if kept = append(kept, account{doc.JID, c}); len(kept) > 2*q.Limit+500 {
			slices.SortFunc(kept, byJID)
			kept = kept[:q.Limit+1]
		}
	}
	slices.SortFunc(kept, byJID)
	p.Complete = len(kept) <= q.Limit
	p.Items = []Account{}
	for _, a := range kept[:min(len(kept), q.Limit)] {
		p.Items, p.Next = append(p.Items, AccountOf(a.jid, a.credentials, now)), a.jid
	}
	return p, ctx.Err()
}

// An account that may be one of a page.
type account struct {
	jid         events.JID
	credentials *auth.Credentials
}

func (q *AccountQuery) has(c *auth.Credentials, now time.Time) bool {
	return (q.Disabled == nil || c.DisabledAt(now) == *q.Disabled) &&
		(q.Role == "" || cmp.Or(c.Role, roles.Default) == q.Role || slices.Contains(c.Further, q.Role))
}
