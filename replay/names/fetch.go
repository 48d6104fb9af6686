package names

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/rollcall-xmpp/rollcall/events"
)

// reads is how many documents are asked for at once.
const reads = 64

// A want is an account of which a record is to have its pseudonym.
type want struct {
	st       *events.Stored
	is       known // with it
	revision uint64
	stored   bool // is is what the bucket has
	unmade   bool // is could not be stored
}

// fetch learns, and makes where there is none, what the first record of each account
// among the places needs.
func (n *Names) fetch(ctx context.Context, records []*events.Stored, places []int, held map[string]*entry) error {
	var wants []*want
	seen := make(map[string]bool)
	for _, i := range places {
		if account := records[i].Account().String(); !seen[account] {
			seen[account] = true
			wants = append(wants, &want{st: records[i]})
		}
	}
	for all := wants; len(wants) > 0; {
		if err := n.read(ctx, wants); err != nil {
			return err
		}
		var err error
		if wants, err = n.write(ctx, wants); err != nil {
			return err
		}
		if len(wants) == 0 {
			n.hold(all, held)
		}
	}
	return nil
}

// hold puts what was fetched where it is found.
func (n *Names) hold(wants []*want, held map[string]*entry) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, w := range wants {
		account := strings.Clone(w.st.Account().String())
		e := &entry{known: w.is, revision: w.revision, upTo: w.st.Seq, unmade: w.unmade}
		if w.is.removed {
			e.upTo = max(e.upTo, w.is.searched)
		}
		held[account] = e
		n.cache.Put(account, e, 1)
	}
}

// read reads the documents and decides what they are to be.
func (n *Names) read(ctx context.Context, wants []*want) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(reads)
	for _, w := range wants {
		group.Go(func() error {
			account := w.st.Account()
			doc, err := n.bucket.Get(ctx, account)
			if err != nil && !errors.Is(err, events.ErrNotFound) {
				return fmt.Errorf("pseudonym: %w", err)
			}
			if err := w.decide(ctx, n.log, doc); err != nil {
				return fmt.Errorf("pseudonym of %s: %w", account, err)
			}
			return nil
		})
	}
	return group.Wait()
}

func (w *want) decide(ctx context.Context, log events.Log, doc events.Document) (err error) {
	w.is, w.revision, w.stored = known{}, doc.Revision, true
	if doc.Revision > 0 {
		if w.is, err = decode(doc.Data); err != nil {
			return err
		}
	}
	if w.st.Seq <= w.is.erased {
		return nil
	}
	if w.is.removed && w.is.searched < w.st.Seq {
		if w.is, err = w.is.search(ctx, log, w.st); err != nil {
			return err
		}
		w.stored = false
	}
	if i, ok := w.is.of(w.st.Seq); !ok || begins(w.st) && i.from != w.st.Seq {
		w.is, w.stored = w.is.include(w.st), false
	}
	return nil
}

// include is k with an incarnation for a record.
func (k known) include(st *events.Stored) known {
	if begins(st) {
		return k.begin(st.Seq)
	}
	return k.first(st.Seq)
}

// search is k with all incarnations that the log knows. It is for an account that was
// removed once, so the record of which one is asked about may be of any.
func (k known) search(ctx context.Context, log events.Log, of *events.Stored) (known, error) {
	upTo := of.Seq
	for st, err := range events.Intact(log.Read(ctx, events.Range{Account: of.Account(), After: k.searched})) {
		if err != nil {
			return k, err
		}
		if begins(st) {
			k = k.begin(st.Seq)
		}
		upTo = max(upTo, st.Seq)
	}
	k.searched = upTo
	return k, ctx.Err()
}

// write stores what has changed, and returns those of which somebody else has stored
// something first.
func (n *Names) write(ctx context.Context, wants []*want) (again []*want, err error) {
	var changed []*want
	for _, w := range wants {
		if !w.stored {
			changed = append(changed, w)
		}
	}
	docs := func(yield func(events.Document) bool) {
		for _, w := range changed {
			if !yield(events.Document{JID: w.st.Account(), Data: w.is.encode(), Revision: w.revision}) {
				return
			}
		}
	}
	i := 0
	for doc, err := range n.bucket.PutAll(ctx, docs) {
		switch w := changed[i]; {
		case errors.Is(err, events.ErrConflict):
			again = append(again, w)
		case n.lenient && events.IsDenied(err):
			w.unmade = true
		case err != nil:
			return nil, fmt.Errorf("pseudonym: %w", err)
		default:
			w.revision = doc.Revision
		}
		i++
	}
	return again, nil
}
