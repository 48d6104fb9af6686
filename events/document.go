package events

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"time"
)

// MaxDocument is the greatest size of a document's data in bytes. Packages that
// keep documents derive their own limits from it. A store may add an account's
// JID and headers, which have less than 4 KiB; NATS takes messages of 1 MiB by
// default and gives one that is asked for in base64.
const MaxDocument = 512 << 10

// A Document is what is kept of one account beside its events: its
// credentials, its roster, a message that waits. It is changed by
// compare-and-set on its revision.
type Document struct {
	JID      JID       // the account's, bare
	Data     []byte    // at most MaxDocument bytes; not to be changed
	Revision uint64    // grows with every change in the bucket; never 0 for a stored document
	Deleted  bool      // only where changes are watched: the account no longer has one
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

// Update changes an account's document by compare-and-set, and returns it as it is
// then. change is given the document as it is before, its Revision 0 if there is
// none, and returns its new data, or nil for none; data that is the same is not
// stored again. It is called again, with the newer document, as often as somebody
// else was first. Its error ends the attempt and is returned as it is; so are
// those of docs, but for ErrNotFound and ErrConflict.
func Update(ctx context.Context, docs Documents, account JID, change func(Document) (data []byte, err error)) (Document, error) {
	for {
		doc, err := docs.Get(ctx, account)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return Document{}, err
		}
		data, err := change(doc)
		if err != nil {
			return Document{}, err
		}
		next := Document{JID: account, Data: data}
		switch there := doc.Revision > 0; {
		case there == (data != nil) && bytes.Equal(data, doc.Data):
			return doc, nil
		case data != nil:
			next.Revision, err = docs.Put(ctx, account, data, doc.Revision)
		default:
			err = docs.Delete(ctx, account, doc.Revision)
		}
		switch {
		case err == nil:
			return next, nil
		case !errors.Is(err, ErrConflict):
			return Document{}, err
		}
	}
}

// Changes are those of all documents of a bucket. Errors wrap those of a Log.
type Changes interface {
	// Last is the newest revision of all.
	Last(ctx context.Context) (uint64, error)
	// Watch gives every document changed after the revision, then changes as they
	// come, without a gap, until ctx ends. ErrUnavailable is reported once an
	// interruption; any other error is the last.
	Watch(ctx context.Context, after uint64) iter.Seq2[Document, error]
}

// A Bucket is documents whose changes can be followed: all that connectors agree by on
// rosters, block lists and what is published. It is for any goroutine.
type Bucket interface {
	Documents
	Changes
}

// A Follower is told of changes, one at a time.
type Follower struct {
	// Begin is told the newest revision there is, and returns the one after which
	// changes are wanted.
	Begin func(last uint64) (after uint64)
	// Changed is told each of them.
	Changed func(Document)
	// Interrupted, if not nil, is told that changes may come late from here on,
	// until the next one does.
	Interrupted func()
}

// Follow tells a follower of changes, over interruptions too. It returns when ctx
// ends, with its error, or with one of the documents: that they can't be reached
// at the beginning, or are not those that it began with.
func Follow(ctx context.Context, docs Changes, f Follower) error {
	last, err := docs.Last(ctx)
	if err != nil {
		return err
	}
	for doc, err := range docs.Watch(ctx, f.Begin(last)) {
		switch {
		case err == nil:
			f.Changed(doc)
		case !errors.Is(err, ErrUnavailable):
			return err
		case f.Interrupted != nil:
			f.Interrupted()
		}
	}
	return ctx.Err()
}
