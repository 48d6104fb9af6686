package accounts

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/auth"
)

// An Admin changes accounts and says so in the log, and who did it: by. The Store makes
// no events; the methods of the same names here do.
type Admin struct {
	*Store
	log       events.Log
	histories *session.Histories
	writer    *session.Service
	inherited sync.Map // domains of which inherit has been noted
}

// NewAdmin returns an Admin whose records name a connector of the given name,
// which must never hold a session. The error is that there is no log or no name.
func NewAdmin(log events.Log, store *Store, name string) (*Admin, error) {
	h := session.NewHistories(log)
	writer, err := session.NewService(session.Config{Log: log, Accounts: h, Connector: events.Incarnation{Name: name}})
	if err != nil {
		return nil, err
	}
	return &Admin{Store: store, log: log, histories: h, writer: writer}, nil
}

// Create makes an account: the credentials first, by a compare-and-set that
// refuses an account that exists, with ErrExists. An account whose event could
// not be written can log in; its history only begins with the first login. It
// fails with auth.ErrPassword, too.
func (a *Admin) Create(ctx context.Context, by events.Actor, account events.JID, password string) error {
	return a.Register(ctx, by, account, password, "")
}

// Register is Create for an account with another role than the default.
func (a *Admin) Register(ctx context.Context, by events.Actor, account events.JID, password, role string) error {
	if err := a.Store.Register(ctx, account, password, role); err != nil {
		return err
	}
	if err := a.created(ctx, by, account); err != nil {
		return unrecorded(account, err)
	}
	return nil
}

// created appends the first event of an account, on nothing if that can be.
func (a *Admin) created(ctx context.Context, by events.Actor, account events.JID) error {
	defer a.histories.Forget(account)
	_, _, err := a.writer.Do(ctx, account, events.ConnID{}, session.CreateAccount{By: by})
	return err
}

// SetPassword replaces a password and then ends the account's sessions, which it
// returns. Whoever logs in between the two with the new password is sent away
// once more. It fails with auth.ErrPassword, and with auth.ErrNoAccount.
func (a *Admin) SetPassword(ctx context.Context, by events.Actor, account events.JID, password string) (ended []*session.Session, err error) {
	// The password first: a session that ends can't come back with the old one.
	if err := a.Store.SetPassword(ctx, account, password); err != nil {
		return nil, err
	}
	return a.record(ctx, account, session.ChangePassword{By: by})
}

// Remove removes an account, ends its sessions, which it returns, and deletes
// whatever is kept of it outside the log. It fails with auth.ErrNoAccount.
//
// It can be repeated where it stopped: the credentials go first, so that nobody
// comes in behind it, but the rest is removed without them too.
func (a *Admin) Remove(ctx context.Context, by events.Actor, account events.JID) (ended []*session.Session, err error) {
	if _, err := a.Contacts(ctx, account); errors.Is(err, auth.ErrNoAccount) {
		return nil, err
	}
	if err := a.Store.Remove(ctx, account); err != nil {
		return nil, err
	}
	if ended, err = a.record(ctx, account, session.RemoveAccount{By: by}); err != nil {
		return nil, err
	}
	if err := a.Forget(ctx, account); err != nil {
		return nil, fmt.Errorf("%w; repeat the command", err)
	}
	return ended, nil
}

// FinishRemoval removes what is kept of an account whose removal did not come to its
// end. Of one that was made anew since, the credentials stay.
func (a *Admin) FinishRemoval(ctx context.Context, by events.Actor, account events.JID) error {
	_, err := a.Credentials(ctx, account)
	if errors.Is(err, auth.ErrNoAccount) {
		_, err = a.record(ctx, account, session.RemoveAccount{By: by})
	}
	if err != nil {
		return err
	}
	return a.Forget(ctx, account)
}

// Kick ends sessions of an account and returns them, and the sequence of the last
// event; there may be none, and it is 0 then. The connectors that hold the sessions see
// their ends in the log and end the streams; a session whose connector is gone is gone
// by it.
func (a *Admin) Kick(ctx context.Context, account events.JID, k session.Kick) (ended []*session.Session, at events.Seq, err error) {
	ended, at, err = a.do(ctx, account.Bare(), k)
	if errors.Is(err, session.ErrGone) {
		return nil, 0, nil
	}
	return ended, at, err
}

// record appends a change that is made already.
func (a *Admin) record(ctx context.Context, account events.JID, c session.Command) ([]*session.Session, error) {
	ended, _, err := a.do(ctx, account, c)
	if err != nil {
		return nil, unrecorded(account, err)
	}
	return ended, nil
}

// unrecorded says that the change is made, and its event is not.
func unrecorded(account events.JID, err error) error {
	return fmt.Errorf("%s is changed, but its history does not say so and its sessions go on: %w; repeat the command", account, err)
}

// do carries a command out and returns the sessions that there were before and
// not afterwards, and the sequence of its last event.
func (a *Admin) do(ctx context.Context, account events.JID, c session.Command) (ended []*session.Session, at events.Seq, err error) {
	defer a.histories.Forget(account)
	before, err := a.histories.Load(ctx, account)
	if err != nil {
		return nil, 0, err
	}
	after, pos, err := a.writer.Do(ctx, account, events.ConnID{}, c)
	if err != nil || before == nil {
		return nil, pos.Seq, err
	}
	for _, s := range before.Sessions() {
		if after.Session(s.ID) == nil {
			ended = append(ended, s)
		}
	}
	return ended, pos.Seq, nil
}
