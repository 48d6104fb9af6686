package events

import (
	"context"
	"errors"
	"time"
)

// MaxDocument is the greatest size of a document's data in bytes. What keeps
// documents derives its own limits from it. A store may add an account's JID and
// headers, which have less than 4 KiB; NATS takes messages of 1 MiB by default
// and gives one that is asked for in base64.
const MaxDocument = 512 << 10

// A Document is what is kept of one account beside its events: its
// credentials, its roster, a message that waits. It is changed by
// compare-and-set on its revision.
type Document struct {
	JID      JID       // the account's, bare
	Data     []byte    // at most MaxDocument bytes; not to be changed
	Revision uint64    // grows with every change in the bucket; never 0 for what is stored
	Deleted  bool      // only where changes are watched: the account has none any more
	At       time.Time // when it was stored
}

// Documents is a bucket with one document an account. Errors wrap those of a Log.
type Documents interface {
	// Get returns an account's document as it is now, or ErrNotFound.
	Get(ctx context.Context, account JID) (Document, error)
	// Put stores data if the document has the revision, 0 meaning that there is
	// none, and returns the new one; otherwise it fails with ErrConflict.
	Put(ctx context.Context, account JID, data []byte, revision uint64) (uint64, error)
	// Delete removes the document if it has the revision; otherwise ErrConflict.
	Delete(ctx context.Context, account JID, revision uint64) error
}

// Update changes an account's document by compare-and-set. change is given the
// document as it is, its Revision 0 if there is none, and returns its new data,
// or nil for none; it is called again, with the newer one, as often as somebody
// else was first. Its error ends the attempt and is returned as it is.
func Update(ctx context.Context, docs Documents, account JID, change func(Document) (data []byte, err error)) error {
	for {
		doc, err := docs.Get(ctx, account)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		data, err := change(doc)
		if err != nil {
			return err
		}
		switch {
		case data != nil:
			_, err = docs.Put(ctx, account, data, doc.Revision)
		case doc.Revision > 0:
			err = docs.Delete(ctx, account, doc.Revision)
		}
		if !errors.Is(err, ErrConflict) {
			return err
		}
	}
}
