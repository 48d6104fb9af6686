package c2s

import (
	"container/list"
	"context"
	"errors"
	"sync"

	"rollcall/events"
	"rollcall/session/pep"
)

// The newest items of accounts, which everybody who watches them is shown at
// every login (XEP-0163, 4.3.2). To read a document for each contact each time
// would make a login cost as much as its roster is long. So what was read is
// kept, of accounts that publish nothing too, until the document changes. Then a
// login costs one read, of the account's own document; and after a connector's
// start one more for each contact that nobody has asked for yet.

const (
	// maxNewest bounds what a connector keeps of newest items, in bytes. At the
	// limit what was not needed for the longest time goes first. An account that
	// publishes nothing takes 250 bytes, one with a client's usual nodes 1 to 2 KB.
	maxNewest = 64 << 20
	// maxNewestOf bounds it for one account. Who shows more is read each time.
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
	followed bool                         // guarded
	entries  map[events.JID]*list.Element // guarded; each holds a *newestItems
	order    list.List                    // guarded; the most recently needed first
	bytes    int                          // guarded; of all entries
}

// newestItems are one account's. While they are being read there is an entry
// already: if it is gone when they have been read, they may be of before the
// change that it fell to.
type newestItems struct {
	owner events.JID
	store *pep.Store // nil while it is read
	bytes int
}

// follow begins to keep things, or forgets all.
func (c *newestCache) follow(on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.followed, c.bytes = on, 0
	c.entries = map[events.JID]*list.Element{}
	c.order.Init()
}

// get returns what is kept of an account, or nil.
func (c *newestCache) get(owner events.JID) *pep.Store {
	c.mu.Lock()
	defer c.mu.Unlock()
	el := c.entries[owner]
	if el == nil {
		return nil
	}
	c.order.MoveToFront(el)
	return el.Value.(*newestItems).store
}

// begin announces that an account's document is going to be read. The entry is
// given to end.
func (c *newestCache) begin(owner events.JID) *newestItems {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.followed {
		return nil
	}
	c.remove(c.entries[owner])
	e := &newestItems{owner: owner.Clone(), bytes: newestOverhead}
	c.entries[e.owner] = c.order.PushFront(e)
	c.bytes += e.bytes
	return e
}

// end keeps what was read, if the document has not changed meanwhile. s is nil
// if it could not be read.
func (c *newestCache) end(e *newestItems, s *pep.Store) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e == nil || c.entries[e.owner] == nil || c.entries[e.owner].Value != e {
		return
	}
	if s == nil || s.Size() > maxNewestOf {
		c.remove(c.entries[e.owner])
		return
	}
	e.store = s
	e.bytes += s.Size()
	c.bytes += s.Size()
	for c.bytes > maxNewest {
		c.remove(c.order.Back())
	}
}

// forget is for an account whose document has changed.
func (c *newestCache) forget(owner events.JID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.remove(c.entries[owner])
}

// remove takes an entry out. The caller holds mu.
func (c *newestCache) remove(el *list.Element) {
	if el == nil {
		return
	}
	e := c.order.Remove(el).(*newestItems)
	delete(c.entries, e.owner)
	c.bytes -= e.bytes
}

// readNewest reads an account's document and keeps the newest items of it.
func (s *Server) readNewest(owner events.JID) (*pep.Store, error) {
	e := s.newest.begin(owner)
	all, err := s.stored(owner)
	if err != nil {
		s.newest.end(e, nil)
		return nil, err
	}
	s.newest.end(e, all.Newest(maxNewestItem))
	return all, nil
}

// FollowPublished forgets what has changed of what accounts publish. While it
// doesn't run nothing is kept, and a login reads a document for each contact; so
// it is up to the caller whether logins are to cost reads, or every change of a
// document, of 480 KiB at most, its way to this connector. It returns when ctx
// ends, or with an error if the documents are not those that it began with.
func (s *Server) FollowPublished(ctx context.Context) error {
	if s.cfg.Private == nil {
		<-ctx.Done()
		return ctx.Err()
	}
	last, err := s.cfg.Private.Last(ctx)
	if err != nil {
		return err
	}
	s.newest.follow(true)
	defer s.newest.follow(false)
	for doc, err := range s.cfg.Private.Watch(ctx, last) {
		if errors.Is(err, events.ErrUnavailable) {
			continue // reported once; it goes on by itself
		}
		if err != nil {
			return err
		}
		s.newest.forget(doc.JID)
	}
	return ctx.Err()
}
