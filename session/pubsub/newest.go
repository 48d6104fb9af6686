package pubsub

import (
	"context"
	"sync"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/delivery"
	"github.com/rollcall-xmpp/rollcall/session/lru"
	"github.com/rollcall-xmpp/rollcall/session/pep"
)

// The newest items of accounts, which everybody who watches them is shown at
// every login (XEP-0163, 4.3.4). To read a document for each contact each time
// would make a login cost as much as its roster is long. So what was read is
// kept, of accounts that publish nothing too, until the document changes; and a
// login asks one question: whether there are changes that this connector has not
// seen yet. Only after a connector's start is each account read once, when the
// first of those who watch it comes.

const (
	// maxNewest bounds what a connector keeps of newest items, in bytes. At the
	// limit the items that were not needed for the longest time go first. An
	// account that publishes nothing takes 250 bytes, one with a client's usual
	// nodes 1 to 2 KB.
	maxNewest = 64 << 20
	// maxNewestOf bounds it for one account. One that shows more is read each
	// time.
	maxNewestOf = 16 << 10
	// maxNewestItem bounds one item. A larger one is read when it is asked for.
	maxNewestItem = 2 << 10
	// newestOverhead is what an entry takes besides its contents.
	newestOverhead = 250
)

// A newestCache keeps newest items while the changes of documents are followed,
// and nothing otherwise. Its methods are for any goroutine.
type newestCache struct {
	mu       sync.Mutex
	followed bool                                // guarded
	seen     uint64                              // guarded; every change up to this revision
	moved    chan struct{}                       // guarded; closed when seen is another
	entries  lru.Cache[events.JID, *newestItems] // guarded; weighed in bytes
}

// newestItems are one account's. While they are being read there is an entry
// already: if it is gone when they have been read, they may be of before the
// change that it fell to.
type newestItems struct {
	owner events.JID
	store *pep.Store // nil while it is read
}

// start begins to keep things: changes from the revision on will be seen.
func (c *newestCache) start(seen uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.followed, c.seen, c.moved = true, seen, make(chan struct{})
	c.entries.Limit = maxNewest
}

// stop forgets all, if it was started.
func (c *newestCache) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.followed {
		return
	}
	c.followed = false
	c.entries.Clear()
	close(c.moved)
}

// change is called for each changed document.
func (c *newestCache) change(owner events.JID, revision uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.entries.Remove(owner)
	c.seen = revision
	close(c.moved)
	c.moved = make(chan struct{})
}

// await waits until the changes up to the revision have been seen. It reports
// false if nothing is kept, or if ctx ends before.
func (c *newestCache) await(ctx context.Context, revision uint64) bool {
	for {
		c.mu.Lock()
		followed, seen, moved := c.followed, c.seen, c.moved
		c.mu.Unlock()
		if !followed || seen >= revision {
			return followed
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return false
		}
	}
}

// get returns what is kept of an account, or nil.
func (c *newestCache) get(owner events.JID) *pep.Store {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.entries.Get(owner); ok {
		return e.store
	}
	return nil
}

// begin announces that an account's document is going to be read. The entry is
// given to end.
func (c *newestCache) begin(owner events.JID) *newestItems {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.followed {
		return nil
	}
	e := &newestItems{owner: owner.Clone()}
	c.entries.Put(e.owner, e, newestOverhead)
	return e
}

// end keeps what was read, if the document has not changed meanwhile. s is nil
// if it could not be read.
func (c *newestCache) end(e *newestItems, s *pep.Store) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e == nil {
		return
	}
	if there, _ := c.entries.Peek(e.owner); there != e {
		return
	}
	if s == nil || s.Size() > maxNewestOf {
		c.entries.Remove(e.owner)
		return
	}
	e.store = s
	c.entries.Put(e.owner, e, newestOverhead+s.Size())
}

// readNewest reads an account's document and keeps the newest items of it.
func (s *Service) readNewest(owner events.JID) (*pep.Store, error) {
	e := s.newest.begin(owner)
	all, err := s.stored(owner)
	if err != nil {
		s.newest.end(e, nil)
		return nil, err
	}
	s.newest.end(e, all.Newest(maxNewestItem))
	return all, nil
}

// keepsNewest reports that what is kept is as new as a document that would be
// read now.
func (s *Service) keepsNewest() bool {
	if !s.newest.await(context.Background(), 0) {
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), delivery.CatchUp)
	defer cancel()
	last, err := s.cfg.Documents.Last(ctx)
	return err == nil && s.newest.await(ctx, last)
}

// Follow follows the changes of the items that accounts publish, so that they
// need not be read at every login. While it doesn't run a login reads a document
// for each contact; while it runs, every document that changes makes its way to
// this connector. It returns when ctx ends, or with an error if the documents
// are not those that it began with.
func (s *Service) Follow(ctx context.Context) error {
	if s.cfg.Documents == nil {
		<-ctx.Done()
		return ctx.Err()
	}
	defer s.newest.stop()
	return events.Follow(ctx, s.cfg.Documents, events.Follower{
		Begin: func(last uint64) uint64 {
			s.newest.start(last)
			return last
		},
		Changed: func(doc events.Document) { s.newest.change(doc.JID, doc.Revision) },
	})
}
