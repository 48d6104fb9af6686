package main

import (
	"context"
	"iter"
	"runtime/debug"

	"rollcall/bus"
	"rollcall/events"
	"rollcall/session/c2s"
)

// accountDocuments gives the connector a bucket of documents in its own words.
type accountDocuments struct{ *bus.Documents }

// Get implements c2s.Documents, as Watch does; the rest is the bus's own.
func (d accountDocuments) Get(ctx context.Context, account events.JID) (c2s.Document, error) {
	doc, err := d.Documents.Get(ctx, account)
	return accountDocument(doc), err
}

func (d accountDocuments) Watch(ctx context.Context, after uint64) iter.Seq2[c2s.Document, error] {
	return func(yield func(c2s.Document, error) bool) {
		for doc, err := range d.Documents.Watch(ctx, after) {
			if !yield(accountDocument(doc), err) {
				return
			}
		}
	}
}

func accountDocument(d bus.Document) c2s.Document {
	return c2s.Document{JID: d.JID, Data: d.Data, Revision: d.Revision, Deleted: d.Deleted}
}

// waitingRoom gives the connector the waiting messages in its own words.
type waitingRoom struct{ *bus.Waiting }

// Take implements c2s.Waiting.
func (w waitingRoom) Take(ctx context.Context, account events.JID) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for m, err := range w.Waiting.Take(ctx, account) {
			if !yield(m.Data, err) {
				return
			}
		}
	}
}

// version is the program's, as it was built; "" if that was not recorded.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	return info.Main.Version
}
