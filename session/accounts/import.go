package accounts

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/auth"
)

// importWriters is how many account_created events are on their way at once.
const importWriters = 64

// An Import makes many accounts. Of its two steps the first, MakeKeys, takes
// nearly all of the time and stores nothing: whatever it finds wrong, or whoever
// stops it, leaves everything as it was. The second is Store. Accounts that
// exist stay as they are, so an import can be repeated.
type Import struct {
	Admin   *Admin
	By      events.Actor // who makes them
	Entries []Entry      // each account once; see ReadEntries
	// Done is called after each entry of each step, by several goroutines at
	// once. Nil: nobody wants to know.
	Done func()

	existed atomic.Int64
}

// Existed is how many of the accounts were there before.
func (im *Import) Existed() int { return int(im.existed.Load()) }

// MakeKeys makes the credentials of all entries whose account does not exist, on
// all processors, and returns the lines whose password can't be used.
func (im *Import) MakeKeys(ctx context.Context) ([]BadLine, error) {
	g, all := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	now := time.Now()
	for i := range im.Entries {
		if all.Err() != nil {
			break
		}
		e := &im.Entries[i]
		g.Go(func() error {
			defer im.done()
			err := im.Admin.Vacant(all, e.Account)
			switch {
			case errors.Is(err, ErrExists):
				im.existed.Add(1)
				return nil
			case err != nil:
				return err
			}
			e.credentials, e.bad = auth.NewCredentials(e.Password, now)
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var bad []BadLine
	for _, e := range im.Entries {
		if e.bad != nil {
			bad = append(bad, BadLine{e.Line, e.bad})
		}
	}
	return bad, nil
}

// Store stores the credentials that MakeKeys made and records each account. It
// returns how many it made, also with an error.
func (im *Import) Store(ctx context.Context) (made int, err error) {
	// Documents are stored in one pipeline, events by several writers: each
	// account's event waits for its document only.
	var g errgroup.Group
	g.SetLimit(importWriters)
	var failed error
	for doc, err := range im.Admin.Keys.PutAll(ctx, im.documents()) {
		im.done()
		switch {
		case errors.Is(err, events.ErrConflict):
			im.existed.Add(1) // somebody made it just now
		case err != nil:
			failed = fmt.Errorf("store %s: %w", doc.JID, err)
		default:
			made++
			g.Go(func() error { return im.Admin.created(ctx, im.By, doc.JID) })
		}
	}
	if err = errors.Join(failed, ctx.Err(), g.Wait()); err != nil {
		err = fmt.Errorf("%w; repeat the import to go on where it stopped", err)
	}
	return made, err
}

// documents are those of the entries that have credentials.
func (im *Import) documents() iter.Seq[events.Document] {
	return func(yield func(events.Document) bool) {
		for _, e := range im.Entries {
			if e.credentials != nil && !yield(events.Document{JID: e.Account, Data: e.credentials.Encode()}) {
				return
			}
		}
	}
}

func (im *Import) done() {
	if im.Done != nil {
		im.Done()
	}
}
