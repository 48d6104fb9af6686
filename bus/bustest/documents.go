package bustest

import (
	"context"
	"fmt"
	"iter"
	"sync"

	"github.com/rollcall-xmpp/rollcall/events"
)

// Documents are a bucket in memory whose changes can be followed.
type Documents struct {
	mu      sync.Mutex
	history []events.Document // guarded; each change
	grown   chan struct{}     // guarded; closed at the next change
}

// NewDocuments returns a bucket without documents.
func NewDocuments() *Documents { return &Documents{grown: make(chan struct{})} }

// Get implements events.Documents.
func (d *Documents) Get(_ context.Context, account events.JID) (events.Document, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.get(account)
}

func (d *Documents) get(account events.JID) (events.Document, error) {
	for i := len(d.history) - 1; i >= 0; i-- {
		if d.history[i].JID == account {
			return d.history[i], nil
		}
	}
	return events.Document{}, events.ErrNotFound
}

// Put implements events.Documents.
func (d *Documents) Put(_ context.Context, account events.JID, data []byte, revision uint64) (uint64, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if old, _ := d.get(account); old.Revision != revision {
		return 0, fmt.Errorf("revision %d: %w", old.Revision, events.ErrConflict)
	}
	next := uint64(len(d.history)) + 1
	d.history = append(d.history, events.Document{JID: account, Data: data, Revision: next})
	close(d.grown)
	d.grown = make(chan struct{})
	return next, nil
}

// Delete implements events.Documents. The marker that is left of a document has
// no data.
func (d *Documents) Delete(ctx context.Context, account events.JID, revision uint64) error {
	_, err := d.Put(ctx, account, nil, revision)
	return err
}

// Last implements events.Changes.
func (d *Documents) Last(context.Context) (uint64, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return uint64(len(d.history)), nil
}

// Watch implements events.Changes. Every change is seen.
func (d *Documents) Watch(ctx context.Context, after uint64) iter.Seq2[events.Document, error] {
	return func(yield func(events.Document, error) bool) {
		for at := after; ctx.Err() == nil; {
			d.mu.Lock()
			fresh, grown := d.history[at:], d.grown
			d.mu.Unlock()
			for _, doc := range fresh {
				if at++; !yield(doc, nil) {
					return
				}
			}
			select {
			case <-grown:
			case <-ctx.Done():
			}
		}
	}
}
