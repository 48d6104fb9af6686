package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/accounts"
	"github.com/rollcall-xmpp/rollcall/session/auth"
)

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
	Account *ask.Account `json:"account"` // as it is now; null: there is none
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
		account := ask.AccountOf(o.account, k, time.Now())
		v.Account = &account
	case !errors.Is(err, auth.ErrNoAccount):
		return fmt.Errorf("%s is changed, but can't be read: %w", o.account, err)
	}
	return c.printJSON(v)
}
