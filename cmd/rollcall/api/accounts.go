package api

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
	"github.com/rollcall-xmpp/rollcall/events"
)

const (
	// accountsTimeout is how long a page of accounts may take: all documents are read for it,
	// for there is no index of names. It includes the wait for the one question before.
	accountsTimeout = 10 * time.Second
	maxPrefix       = 1023 // bytes; a bare JID has no more than twice that
)

// An accountRow is an account and how many sessions it has; null: nobody knows yet.
type accountRow struct {
	ask.Account
	Sessions *int `json:"sessions"`
}

// accounts answers with a page of the accounts that were made here.
func (h *History) accounts(q *question) error {
	asked, err := accountQueryOf(q)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(q.r.Context(), accountsTimeout)
	defer cancel()
	end, err := q.listing(ctx)
	if err != nil {
		return err
	}
	defer end()
	p, err := asked.Page(ctx, h.Keys, time.Now())
	if err != nil {
		return err
	}
	answer := struct {
		Items    []accountRow `json:"items"`
		Next     string       `json:"next"` // to go on after
		Complete bool         `json:"complete"`
		Total    int          `json:"total"`
		Damaged  int          `json:"damaged"`
	}{Items: []accountRow{}, Complete: p.Complete, Total: p.Total, Damaged: p.Damaged}
	if !p.Complete {
		answer.Next = p.Next.String()
	}
	for _, a := range p.Items {
		row := accountRow{Account: a}
		if h.Ready() {
			row.Sessions = new(len(h.Table.Account(events.StoredJID(a.JID)).Sessions()))
		}
		answer.Items = append(answer.Items, row)
	}
	rows := len(answer.Items)
	if err := h.record(q, &rows); err != nil {
		return err
	}
	return q.give(answer)
}

// listing is Server.listing; the turn ends with give at the latest.
func (q *question) listing(ctx context.Context) (end func(), err error) {
	return q.hold(q.server.listing(ctx))
}

// listing lets a question about all accounts be answered when it is its turn. The end must
// be called if there is no error.
func (s *Server) listing(ctx context.Context) (end func(), err error) {
	select {
	case s.listings <- struct{}{}:
		return func() { <-s.listings }, nil
	case <-ctx.Done():
		return nil, Problem{Status: http.StatusServiceUnavailable, Detail: "another question about accounts is being answered; try again"}
	}
}

func accountQueryOf(q *question) (asked ask.AccountQuery, err error) {
	if err := q.own("prefix", "role", "disabled", "after", "limit"); err != nil {
		return asked, err
	}
	params := q.r.URL.Query()
	asked.Prefix, asked.Role = strings.ToLower(params.Get("prefix")), params.Get("role")
	if len(asked.Prefix) > maxPrefix {
		return asked, bad("prefix", "%d bytes are more than %d", len(asked.Prefix), maxPrefix)
	}
	if params.Has("disabled") {
		disabled, err := strconv.ParseBool(params.Get("disabled"))
		if err != nil {
			return asked, bad("disabled", "it is true or false")
		}
		asked.Disabled = &disabled
	}
	if text := params.Get("after"); text != "" {
		if asked.After, err = events.ParseJID(text); err != nil || !asked.After.IsBare() {
			return asked, bad("after", "it is user@domain, as next says")
		}
	}
	asked.Limit, err = limitOf(q)
	return asked, err
}
