package pep

import (
	"context"
	"errors"

	"github.com/rollcall-xmpp/rollcall/events"
)

// Read returns what an account keeps, as it is now. Errors are those of docs, and
// of [Decode].
func Read(ctx context.Context, docs events.Documents, account events.JID) (*Store, error) {
	doc, err := docs.Get(ctx, account)
	if err != nil && !errors.Is(err, events.ErrNotFound) {
		return nil, err
	}
	if doc.Deleted {
		doc.Data = nil
	}
	return Decode(doc.Revision, doc.Data)
}

// Within is by for an account that may keep most bytes: it fails with ErrFull if the
// account comes to have more, and more than before.
func Within(most int, by func(*Store) (*Store, error)) func(*Store) (*Store, error) {
	return func(old *Store) (*Store, error) {
		next, err := by(old)
		if err == nil && next.owned() > most && next.owned() > old.owned() {
			return nil, ErrFull
		}
		return next, err
	}
}

// Change changes what an account keeps, unless by returns what it was given, and
// returns what is kept then. Where somebody else was first, by is called again with
// the document that is there now. Its error is returned as it is; others are those
// of Read.
func Change(ctx context.Context, docs events.Documents, account events.JID, by func(*Store) (*Store, error)) (next *Store, err error) {
	_, err = events.Update(ctx, docs, account, func(doc events.Document) ([]byte, error) {
		old, err := Decode(doc.Revision, doc.Data)
		if err != nil {
			return nil, err
		}
		if next, err = by(old); err != nil || next == old {
			return doc.Data, err
		}
		return next.Encode(), nil
	})
	return next, err
}
