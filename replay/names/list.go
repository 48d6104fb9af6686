package names

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/rollcall-xmpp/rollcall/events"
)

// A Name tells whose a pseudonym is.
type Name struct {
	Pseudonym Pseudonym
	Account   events.JID
	From      events.Seq // the incarnation's first record; 0: the account's first
}

// All gives every name that was not erased. An error is the last.
func (n *Names) All(ctx context.Context) iter.Seq2[Name, error] {
	return func(yield func(Name, error) bool) {
		for doc, err := range n.bucket.All(ctx) {
			k, err := opened(doc, err)
			if err != nil {
				yield(Name{}, fmt.Errorf("list names: %w", err))
				return
			}
			for _, i := range k.incarnations {
				if !yield(Name{i.who, doc.JID, i.from}, nil) {
					return
				}
			}
		}
	}
}

// Find gives an account's names, the oldest incarnation first; none if nobody has needed
// one yet, or if they were erased.
func (n *Names) Find(ctx context.Context, account events.JID) (list []Name, err error) {
	doc, err := n.bucket.Get(ctx, account)
	if errors.Is(err, events.ErrNotFound) {
		return nil, nil
	}
	k, err := opened(doc, err)
	if err != nil {
		return nil, fmt.Errorf("find names: %w", err)
	}
	for _, i := range k.incarnations {
		list = append(list, Name{i.who, account.Bare(), i.from})
	}
	return list, nil
}

// Load fills the memory with the names that the bucket has, in one reading, as far
// as there is room. It is for whoever is going to need most of it.
func (n *Names) Load(ctx context.Context) error {
	info, err := n.log.Info(ctx) // before the documents: of events until then they know
	if err != nil {
		return fmt.Errorf("load names: %w", err)
	}
	loaded := 0
	for doc, err := range n.bucket.All(ctx) {
		k, err := opened(doc, err)
		if err != nil {
			return fmt.Errorf("load names: %w", err)
		}
		if loaded++; loaded > n.cache.Limit {
			break
		}
		e := &entry{known: k, revision: doc.Revision, upTo: info.Last}
		if k.removed {
			e.upTo = k.searched
		}
		n.mu.Lock()
		n.cache.Put(doc.JID.String(), e, 1)
		n.mu.Unlock()
	}
	return ctx.Err()
}

// opened reads a listed document. The mark that ends a restored bucket is nobody's, and
// deleted.
func opened(doc events.Document, err error) (known, error) {
	if err != nil {
		return known{}, err
	}
	return decode(doc.Data)
}
