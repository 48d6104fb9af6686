package accounts

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/auth"
	"github.com/rollcall-xmpp/rollcall/session/roster"
)

// A Bucket is a bucket of documents all of which can be read, and many written
// at once.
type Bucket interface {
	events.Documents
	// All gives every document that there is. An error is the last.
	All(ctx context.Context) iter.Seq2[events.Document, error]
	// PutAll puts each document at the revision it names, and gives each back
	// with its new one, or an error.
	PutAll(ctx context.Context, docs iter.Seq[events.Document]) iter.Seq2[events.Document, error]
}

// Waiting has the messages that wait for an account. Take gives them and removes
// each when the loop goes on. Store adds one; its error is events.ErrFull if there are
// as many as there may be.
type Waiting interface {
	Store(ctx context.Context, account events.JID, message []byte) error
	Take(ctx context.Context, account events.JID) iter.Seq2[events.Document, error]
}

// Names tells the incarnations of an account apart. Removing is told that one is about
// to be removed.
type Names interface {
	Removing(ctx context.Context, account events.JID) error
}

// A Store is what is kept of accounts beside the log. All fields are required.
type Store struct {
	Keys    Bucket // credentials
	Rosters events.Documents
	Blocked events.Documents // block lists
	Private events.Documents // what accounts store and publish
	Waiting Waiting
	Names   Names
	Bans    events.Documents // networks that clients may not connect from
}

// ErrExists: there is such an account already. It is an events.ErrConflict, too.
var ErrExists error = existsError{}

type existsError struct{}

func (existsError) Error() string { return "the account exists already" }

func (existsError) Is(target error) bool { return target == events.ErrConflict }

// Parse reads an account's JID: one with a localpart, without a resource.
func Parse(s string) (events.JID, error) {
	j, err := events.ParseJID(s)
	switch {
	case err != nil:
		return j, err
	case j.Local() == "":
		return j, fmt.Errorf("%s names no account: give user@domain", j)
	case !j.IsBare():
		return j, fmt.Errorf("%s has a resource: give user@domain", j)
	}
	return j, nil
}

// Credentials implements auth.CredentialStore.
func (s *Store) Credentials(ctx context.Context, account events.JID) (*auth.Credentials, error) {
	doc, err := s.Keys.Get(ctx, account)
	if errors.Is(err, events.ErrNotFound) {
		return nil, auth.ErrNoAccount
	}
	if err != nil {
		return nil, err
	}
	return auth.DecodeCredentials(doc.Data)
}

// Vacant fails with ErrExists if there is such an account now.
func (s *Store) Vacant(ctx context.Context, account events.JID) error {
	_, err := s.Keys.Get(ctx, account)
	switch {
	case err == nil:
		return fmt.Errorf("%s: %w", account, ErrExists)
	case errors.Is(err, events.ErrNotFound):
		return nil
	}
	return err
}

// Create makes an account's credentials. It fails with ErrExists if there are
// some, and with auth.ErrPassword.
func (s *Store) Create(ctx context.Context, account events.JID, password string) error {
	return s.Register(ctx, account, password, "")
}

// Register is Create for an account with another role than the default.
func (s *Store) Register(ctx context.Context, account events.JID, password, role string) error {
	c, err := auth.NewCredentials(password, time.Now())
	if err != nil {
		return err
	}
	c.Role = role
	_, err = s.Keys.Put(ctx, account, c.Encode(), 0)
	if errors.Is(err, events.ErrConflict) {
		return fmt.Errorf("%s: %w", account, ErrExists)
	}
	return err
}

// Enrol makes the record of an account that another database has, and reports that it
// did. If there is one already it returns that. It implements auth.Enroller.
func (s *Store) Enrol(ctx context.Context, account events.JID) (c *auth.Credentials, made bool, err error) {
	c = auth.Keyless(time.Now())
	_, err = s.Keys.Put(ctx, account, c.Encode(), 0)
	if errors.Is(err, events.ErrConflict) {
		c, err = s.Credentials(ctx, account)
		return c, false, err
	}
	return c, err == nil, err
}

// SetPassword replaces the password of an account. It fails with
// auth.ErrPassword, and with auth.ErrNoAccount.
func (s *Store) SetPassword(ctx context.Context, account events.JID, password string) error {
	return s.change(ctx, account, func(old *auth.Credentials) (*auth.Credentials, error) {
		return old.WithPassword(password, time.Now())
	})
}

// change changes an account's credentials. It fails with auth.ErrNoAccount.
func (s *Store) change(ctx context.Context, account events.JID, change func(*auth.Credentials) (*auth.Credentials, error)) error {
	_, err := events.Update(ctx, s.Keys, account, func(doc events.Document) ([]byte, error) {
		if doc.Revision == 0 {
			return nil, fmt.Errorf("%s: %w", account, auth.ErrNoAccount)
		}
		c, err := auth.DecodeCredentials(doc.Data)
		if err != nil {
			return nil, err
		}
		if c, err = change(c); err != nil {
			return nil, err
		}
		return c.Encode(), nil
	})
	return err
}

// Remove takes an account's credentials away. It is not an error if there are
// none. That there may be another of the name from now on is noted before.
func (s *Store) Remove(ctx context.Context, account events.JID) error {
	if err := s.Names.Removing(ctx, account); err != nil {
		return err
	}
	return remove(ctx, s.Keys, account)
}

// Forget deletes whatever else is kept of an account: its own documents, its
// waiting messages, and itself from the rosters of its contacts. It may be called again where it
// failed.
func (s *Store) Forget(ctx context.Context, account events.JID) error {
	for _, docs := range []events.Documents{s.Blocked, s.Private} {
		if err := remove(ctx, docs, account); err != nil {
			return err
		}
	}
	if err := s.leaveRosters(ctx, account); err != nil {
		return err
	}
	// Taking a message is what removes it; nobody gets these any longer.
	for _, err := range s.Waiting.Take(ctx, account) {
		if err != nil {
			return fmt.Errorf("waiting messages of %s: %w", account, err)
		}
	}
	return nil
}

// remove deletes an account's document, if it has one.
func remove(ctx context.Context, docs events.Documents, account events.JID) error {
	_, err := events.Update(ctx, docs, account, func(events.Document) ([]byte, error) { return nil, nil })
	return err
}

// Contacts is an account's roster, nil for one that is empty. It fails with
// auth.ErrNoAccount if there is neither a roster nor an account.
func (s *Store) Contacts(ctx context.Context, account events.JID) (*roster.Roster, error) {
	r, err := s.roster(ctx, account)
	if err != nil || r != nil {
		return r, err
	}
	if _, err := s.Credentials(ctx, account); err != nil {
		return nil, fmt.Errorf("%s: %w", account, err)
	}
	return nil, nil
}

// An Account is one that there is.
type Account struct {
	JID         events.JID
	Credentials *auth.Credentials // nil if they can't be read
	Err         error             // why they can't
}

// List reads all accounts, ordered by domain and then by name. Documents in the
// bucket that belong to no account are left out.
func (s *Store) List(ctx context.Context) ([]Account, error) {
	var all []Account
	for doc, err := range s.Keys.All(ctx) {
		if err != nil {
			return nil, err
		}
		if doc.JID.Local() != "" {
			c, err := auth.DecodeCredentials(doc.Data)
			all = append(all, Account{doc.JID, c, err})
		}
	}
	slices.SortFunc(all, func(a, b Account) int { return a.JID.Compare(b.JID) })
	return all, nil
}
