package names

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// slack is how much longer than the log's records what is known because of them is
// kept, for clocks and for records that are on their way.
const slack = 24 * time.Hour

// Removing marks an account that is about to be removed, so that its successor of the
// same name is told from it. It comes before anything else of the removal, and may be
// repeated.
func (n *Names) Removing(ctx context.Context, account events.JID) error {
	err := n.update(ctx, account, func(k known) known {
		if !k.removed {
			k.removed = true
			for _, i := range k.incarnations { // none was missed up to these
				k.searched = max(k.searched, i.made)
			}
		}
		return k
	})
	if err != nil {
		return fmt.Errorf("mark the removal of %s: %w", account.Bare(), err)
	}
	return nil
}

// ErrNobody: an account has no pseudonyms, and no records that could be given any.
var ErrNobody = errors.New("there are no pseudonyms")

// Erase forgets whose an account's pseudonyms were, up to the log's end, whether the
// account is still there or not, and says how many. Records up to there have none from
// then on, later ones others. It may be repeated. It fails with ErrNobody.
func (n *Names) Erase(ctx context.Context, account events.JID) (erased int, err error) {
	info, err := n.log.Info(ctx)
	if err == nil {
		err = n.exists(ctx, account.Bare())
	}
	if err == nil {
		err = n.update(ctx, account, func(k known) known {
			erased = len(k.incarnations)
			return known{erased: info.Last, removed: k.removed, searched: k.searched}
		})
	}
	if err != nil {
		return 0, fmt.Errorf("erase the name of %s: %w", account.Bare(), err)
	}
	n.forget(account, 0)
	return erased, nil
}

// exists fails with ErrNobody if nothing is known of an account, here or in the log.
func (n *Names) exists(ctx context.Context, account events.JID) error {
	_, err := n.bucket.Get(ctx, account)
	if errors.Is(err, events.ErrNotFound) {
		_, err = n.log.Last(ctx, account)
	}
	switch {
	case errors.Is(err, events.ErrNotFound):
		return ErrNobody
	case events.IsPoison(err):
		return nil
	}
	return err
}

// update changes an account's document by compare-and-set.
func (n *Names) update(ctx context.Context, account events.JID, change func(known) known) error {
	info, err := n.log.Info(ctx)
	if err != nil {
		return err
	}
	docs := passing{Bucket: n.bucket, keep: info.MaxAge}
	_, err = events.Update(ctx, docs, account.Bare(), func(doc events.Document) ([]byte, error) {
		var k known
		if doc.Revision > 0 {
			var err error
			if k, err = decode(doc.Data); err != nil {
				return nil, err
			}
		}
		k = change(k)
		return k.encode(), nil
	})
	return err
}

// passing keeps documents without a pseudonym for as long as the log keeps the records
// because of which there are such.
type passing struct {
	Bucket
	keep time.Duration // the log's age; 0: for ever
}

// Put implements events.Documents.
func (p passing) Put(ctx context.Context, account events.JID, data []byte, revision uint64) (uint64, error) {
	k, err := decode(data)
	if err != nil || len(k.incarnations) > 0 || p.keep == 0 {
		return p.Bucket.Put(ctx, account, data, revision)
	}
	return p.PutFor(ctx, account, data, revision, p.keep+slack)
}

// forget drops an account from memory, unless its document there is of that revision or
// newer.
func (n *Names) forget(account events.JID, revision uint64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	e, ok := n.cache.Peek(account.Bare().String())
	if ok && (revision == 0 || e.revision < revision) {
		n.cache.Remove(account.Bare().String())
	}
}

// Follow drops from memory what other processes change, until ctx ends; an erasure is
// known within moments, as long as the bucket can be reached. It returns ctx's error, or
// that of a bucket that can't be followed.
func (n *Names) Follow(ctx context.Context) error {
	return events.Follow(ctx, n.bucket, events.Follower{
		Begin: func(last uint64) uint64 {
			n.mu.Lock()
			defer n.mu.Unlock()
			n.cache.Clear() // what changed before is not told
			return last
		},
		Changed: func(doc events.Document) { n.forget(doc.JID, doc.Revision) },
	})
}
