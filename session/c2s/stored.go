package c2s

import (
	"context"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/pep"
)

// A storage holds what accounts keep with the server: one document an account for
// private storage (XEP-0049), the card (XEP-0054) and personal eventing (XEP-0163).
// Nobody keeps it in memory: it is read when it is asked for. Its methods are for
// any goroutine.
type storage struct{ docs events.Bucket }

// storesThings is on for the extensions that need the documents.
func storesThings(c *Config) bool { return c.Private != nil }

func (s storage) read(account events.JID) (*pep.Store, error) {
	ctx, cancel := context.WithTimeout(context.Background(), loginTime)
	defer cancel()
	return pep.Read(ctx, s.docs, account)
}

// change fails with pep.ErrFull, too, if the account kept more than most bytes after it.
func (s storage) change(account events.JID, most int, by func(*pep.Store) (*pep.Store, error)) error {
	ctx, cancel := context.WithTimeout(context.Background(), loginTime)
	defer cancel()
	_, err := pep.Change(ctx, s.docs, account, pep.Within(most, by))
	return err
}
