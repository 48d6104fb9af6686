package api

import (
	"context"
	"errors"
	"time"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/api/access"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/auth"
)

// present is a token without its scopes for accounts of earlier lives: a name that was
// removed may be somebody else's now. It asks once for each account that the token is for,
// and is the token itself if there is nothing to leave out.
func (h *History) present(ctx context.Context, t *access.Token) (*access.Token, error) {
	var earlier []events.JID
	for account := range t.Accounts() {
		over, err := h.isOver(ctx, account, t)
		if err != nil {
			return nil, err
		}
		if over {
			earlier = append(earlier, account)
		}
	}
	if len(earlier) == 0 {
		return t, nil
	}
	return t.Without(earlier), nil
}

// isOver reports that the account which a token was made for has been removed since: by
// when the present one was made or, if there is none, by what its history says last. That
// holds whoever removed it, and with which program.
func (h *History) isOver(ctx context.Context, account events.JID, t *access.Token) (bool, error) {
	c, err := h.Accounts.Credentials(ctx, account)
	if err == nil {
		return t.IsBefore(c.Created), nil
	}
	if !errors.Is(err, auth.ErrNoAccount) {
		return false, err
	}
	last, err := h.Archive.Last(ctx, account)
	switch {
	case errors.Is(err, events.ErrNotFound), events.IsPoison(err):
		return false, nil // nothing says that there was another
	case err != nil:
		return false, err
	}
	return last.Event.Kind() == events.KindAccountRemoved && t.IsBefore(time.Unix(0, last.At)), nil
}

// holds reports that a question's token is good for it still. Answers that go on for long
// ask again and again. While it can't be asked whether an account was removed they go on:
// the token was good for that one when they began.
func (h *History) holds(q *question) bool {
	if !h.Guard.Holds(q.by) {
		return false
	}
	now, err := h.present(q.r.Context(), q.by)
	return err != nil || now == q.by
}
