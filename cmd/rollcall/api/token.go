package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/api/access"
)

// AnyToken is the scope of routes that are for whoever has a token.
const AnyToken access.Scope = "any"

// Codes that are not known here may be shown so often a second, by all together, and so many
// times at once. One that is known is never refused, however many are guessed.
const (
	guessRate  = 1
	guessBurst = 20
)

// awaitTimeout bounds how long a token that was just made is waited for.
const awaitTimeout = 5 * time.Second

var errGuesses = Problem{Status: http.StatusTooManyRequests, Detail: "too many codes are tried that are not known here; wait some seconds"}

// A tokenView is a token as its holder sees it.
type tokenView struct {
	Token   string         `json:"token"` // what is to be shown; only where it was just made
	Name    string         `json:"name"`
	Scopes  []access.Scope `json:"scopes"`
	Made    time.Time      `json:"made"`
	Expires *time.Time     `json:"expires"` // null: never
	Browser bool           `json:"browser"` // was made for a code
}

func viewOf(t *access.Token) tokenView {
	v := tokenView{Name: t.Name, Scopes: t.Scopes, Made: t.Made, Browser: t.Use == access.Browser}
	if v.Scopes == nil {
		v.Scopes = []access.Scope{}
	}
	if !t.Expires.IsZero() {
		v.Expires = &t.Expires
	}
	return v
}

// ownToken tells the holder of a token what it may. That tells of nobody, so it is not on
// record.
func (h *History) ownToken(q *question) error {
	if _, err := parametersOf(q); err != nil {
		return err
	}
	return q.give(viewOf(q.by))
}

// redeem gives a token for the code that is shown in the place of one. Whoever gets it is put
// on record first; what can't be is given to nobody, and ends by itself.
func (h *History) redeem(q *question) error {
	if _, err := parametersOf(q); err != nil {
		return err
	}
	code, err := access.Shown(q.r)
	if err != nil {
		return Problem{Status: http.StatusUnauthorized, Detail: `a code is needed: send it as "Authorization: Bearer rcc_..."; rollcall web makes one`}
	}
	now := time.Now()
	if !h.Guard.Knows(code, now) && !q.server.guesses.Allow() {
		return errGuesses
	}
	t, shown, err := access.Redeem(q.r.Context(), h.Tokens, code, now)
	if err != nil {
		return err
	}
	q.by = &t
	if err := h.record(q, nil); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(q.r.Context(), awaitTimeout)
	defer cancel()
	if err := h.Guard.Await(ctx, &t); err != nil {
		return errors.Join(access.ErrNotReady, err)
	}
	v := viewOf(&t)
	v.Token = shown
	return q.give(v)
}

// endToken ends the token that is shown, if it is that of a browser.
func (h *History) endToken(q *question) error {
	if _, err := parametersOf(q); err != nil {
		return err
	}
	if q.by.Use != access.Browser {
		return Problem{Status: http.StatusForbidden, Detail: "this token was not made for a browser; rollcall token rm removes it"}
	}
	if err := h.record(q, nil); err != nil {
		return err
	}
	if err := access.LogOut(q.r.Context(), h.Tokens, q.by); err != nil && !errors.Is(err, access.ErrNoToken) {
		return err
	}
	q.w.WriteHeader(http.StatusNoContent)
	return nil
}
