package roster

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/rollcall-xmpp/rollcall/events"
)

// A Roster is one account's contacts at one version. It is immutable.
type Roster struct {
	version  uint64
	items    []*Item   // by JID, strictly ascending
	requests []Request // by arrival, one a contact
	notices  [][]byte  // the last of those that there were, by arrival
	noticed  uint64    // how many there were

	itemBytes    int // upper bounds of the encoded sizes
	requestBytes int
}

// empty stands for a nil roster.
var empty Roster

func (r *Roster) orEmpty() *Roster {
	if r == nil {
		return &empty
	}
	return r
}

// Version is the store's revision of the document, which is the roster version
// too (RFC 6121, section 2.6): 0 for a roster that was never stored. An
// operation leaves it.
func (r *Roster) Version() uint64 { return r.orEmpty().version }

// WithVersion returns the roster at the revision that the store gave it.
func (r *Roster) WithVersion(revision uint64) *Roster {
	c := *r.orEmpty()
	c.version = revision
	return &c
}

// Len is the number of items.
func (r *Roster) Len() int { return len(r.orEmpty().items) }

// Size is about how many bytes of a document the roster takes.
func (r *Roster) Size() int { return r.orEmpty().itemBytes + r.orEmpty().requestBytes }

// Get returns the item of a contact by its bare JID.
func (r *Roster) Get(contact events.JID) (Item, bool) {
	if item := r.item(contact); item != nil {
		return *item, true
	}
	return Item{}, false
}

// Items are all the items, by JID.
func (r *Roster) Items() iter.Seq[Item] {
	return func(yield func(Item) bool) {
		for _, item := range r.orEmpty().items {
			if !yield(*item) {
				return
			}
		}
	}
}

// Requests are the unanswered requests, the oldest first.
func (r *Roster) Requests() iter.Seq[Request] {
	return slices.Values(r.orEmpty().requests)
}

// Watches reports that the user gets the contact's presence: to or both.
func (r *Roster) Watches(contact events.JID) bool {
	item := r.item(contact)
	return item != nil && item.Subscription.to()
}

// WatchedBy reports that the contact gets the user's presence: from or both.
func (r *Roster) WatchedBy(contact events.JID) bool {
	item := r.item(contact)
	return item != nil && item.Subscription.from()
}

// Watched are the contacts whose presence the user gets, by JID.
func (r *Roster) Watched() iter.Seq[events.JID] { return r.jids(Subscription.to) }

// Watchers are the contacts that get the user's presence, by JID.
func (r *Roster) Watchers() iter.Seq[events.JID] { return r.jids(Subscription.from) }

func (r *Roster) jids(which func(Subscription) bool) iter.Seq[events.JID] {
	return func(yield func(events.JID) bool) {
		for _, item := range r.orEmpty().items {
			if which(item.Subscription) && !yield(item.JID) {
				return
			}
		}
	}
}

// find returns where the contact's item is, or belongs.
func (r *Roster) find(contact events.JID) (int, bool) {
	return slices.BinarySearchFunc(r.items, contact.String(), func(i *Item, s string) int {
		return strings.Compare(i.JID.String(), s)
	})
}

func (r *Roster) item(contact events.JID) *Item {
	if r == nil {
		return nil
	}
	if i, ok := r.find(contact); ok {
		return r.items[i]
	}
	return nil
}

func (r *Roster) request(contact events.JID) int {
	return slices.IndexFunc(r.requests, func(q Request) bool { return q.From == contact })
}

// withItem returns a roster with the item in place of the one of its contact.
func (r *Roster) withItem(item *Item) (*Roster, error) {
	c := *r
	i, found := r.find(item.JID)
	c.itemBytes += item.size()
	if found {
		c.itemBytes -= r.items[i].size()
		c.items = slices.Clone(r.items)
		c.items[i] = item
	} else {
		c.items = insert(r.items, i, item)
	}
	if grows := c.itemBytes > r.itemBytes; grows && (len(c.items) > MaxItems || c.itemBytes > MaxItemBytes) {
		return nil, fmt.Errorf("%w: %d items of %d bytes, the limits are %d and %d; remove some",
			ErrFull, len(c.items), c.itemBytes, MaxItems, MaxItemBytes)
	}
	return &c, nil
}

func (r *Roster) withoutItem(i int) *Roster {
	c := *r
	c.itemBytes -= r.items[i].size()
	c.items = slices.Concat(r.items[:i], r.items[i+1:])
	return &c
}

func (r *Roster) withRequest(q Request) (*Roster, error) {
	c := *r
	c.requestBytes += q.size()
	c.requests = insert(r.requests, len(r.requests), q)
	if len(q.Stanza) > MaxRequest || len(c.requests) > MaxRequests || c.requestBytes > MaxRequestBytes {
		return nil, fmt.Errorf("%w: %d requests of %d bytes, the limits are %d and %d",
			ErrFull, len(c.requests), c.requestBytes, MaxRequests, MaxRequestBytes)
	}
	return &c, nil
}

func (r *Roster) withoutRequest(contact events.JID) *Roster {
	i := r.request(contact)
	if i < 0 {
		return r
	}
	c := *r
	c.requestBytes -= r.requests[i].size()
	c.requests = slices.Concat(r.requests[:i], r.requests[i+1:])
	return &c
}

// insert returns a copy of s with v at i. slices.Insert would write into what
// older rosters see.
func insert[T any](s []T, i int, v T) []T {
	c := make([]T, 0, len(s)+1)
	c = append(c, s[:i]...)
	c = append(c, v)
	return append(c, s[i:]...)
}
