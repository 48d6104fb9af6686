package main

import (
	"context"
	"iter"

	"rollcall/bus"
	"rollcall/events"
	"rollcall/session/c2s"
)

// rosterDocuments gives the connector the rosters in its own words.
type rosterDocuments struct{ *bus.Documents }

// Get implements c2s.Rosters, as Watch does; the rest is the bus's own.
func (d rosterDocuments) Get(ctx context.Context, account events.JID) (c2s.Document, error) {
	doc, err := d.Documents.Get(ctx, account)
	return rosterDocument(doc), err
}

func (d rosterDocuments) Watch(ctx context.Context, after uint64) iter.Seq2[c2s.Document, error] {
	return func(yield func(c2s.Document, error) bool) {
		for doc, err := range d.Documents.Watch(ctx, after) {
			if !yield(rosterDocument(doc), err) {
				return
			}
		}
	}
}

func rosterDocument(d bus.Document) c2s.Document {
	return c2s.Document{JID: d.JID, Data: d.Data, Revision: d.Revision, Deleted: d.Deleted}
}

// waitingRoom gives the connector the waiting messages in its own words.
type waitingRoom struct{ *bus.Waiting }

// Take implements c2s.Waiting.
func (w waitingRoom) Take(ctx context.Context, account events.JID) iter.Seq2[c2s.Kept, error] {
	return func(yield func(c2s.Kept, error) bool) {
		for m, err := range w.Waiting.Take(ctx, account) {
			if !yield(c2s.Kept{Data: m.Data, At: m.At}, err) {
				return
			}
		}
	}
}
