package presence

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/rollcall-xmpp/rollcall/events"
)

const (
	// maxBlocked bounds the JIDs that one account blocks, as events.MaxDocument
	// does: at the limit a request for more is refused with resource-constraint.
	maxBlocked = 1_000
	// blockListVersion begins the stored form: the JIDs follow, by lines.
	blockListVersion = "1\n"
)

// A blockList has the JIDs that an account blocks. It never changes. A nil one
// blocks nobody.
type blockList struct {
	revision uint64
	jids     map[events.JID]struct{}
}

// blocks is XEP-0191, 2.1: a JID is blocked itself, or by its bare JID, its
// domain, or its domain with its resource.
func (l *blockList) blocks(j events.JID) bool {
	if l == nil || len(l.jids) == 0 {
		return false
	}
	return l.has(j) || l.has(j.Bare()) || l.has(events.StoredJID(j.Domain())) ||
		!j.IsBare() && l.has(events.StoredJID(j.Domain()+"/"+j.Resource()))
}

func (l *blockList) has(j events.JID) bool {
	_, ok := l.jids[j]
	return ok
}

// sorted gives the JIDs in the order of their text.
func (l *blockList) sorted() []events.JID {
	if l == nil {
		return nil
	}
	return slices.SortedFunc(maps.Keys(l.jids), func(a, b events.JID) int { return strings.Compare(a.String(), b.String()) })
}

// without lists the JIDs that the other list does not have.
func (l *blockList) without(o *blockList) (list []events.JID) {
	for _, j := range l.sorted() {
		if o == nil || !o.has(j) {
			list = append(list, j)
		}
	}
	return list
}

func (l *blockList) encode() []byte {
	b := []byte(blockListVersion)
	for _, j := range l.sorted() {
		b = append(append(b, j.String()...), '\n')
	}
	return b
}

// decodeBlockList reads what encode has written. A document that is gone, or was
// never there, is a list of nobody, of that revision.
func decodeBlockList(doc events.Document) (*blockList, error) {
	l := &blockList{revision: doc.Revision, jids: map[events.JID]struct{}{}}
	if doc.Deleted || len(doc.Data) == 0 {
		return l, nil
	}
	lines, ok := strings.CutPrefix(string(doc.Data), blockListVersion)
	if !ok {
		return nil, fmt.Errorf("block list of %s: another program's version", doc.JID)
	}
	for line := range strings.Lines(lines) {
		l.jids[events.StoredJID(strings.TrimSuffix(line, "\n"))] = struct{}{}
	}
	return l, nil
}

// blockLists are all of them: each connector has to know whether a recipient
// blocks a sender, whoever they are. Its methods are for any goroutine.
type blockLists struct {
	some   atomic.Bool // where nobody blocks anybody, nobody looks
	mu     sync.RWMutex
	lists  map[events.JID]*blockList // guarded; of all accounts that ever had one
	once   sync.Once
	loaded chan struct{} // closed when the lists are those of this process's start, or newer
}

func newBlockLists() *blockLists {
	return &blockLists{lists: map[events.JID]*blockList{}, loaded: make(chan struct{})}
}

// load marks the lists as complete.
func (b *blockLists) load() { b.once.Do(func() { close(b.loaded) }) }

// wait waits for that.
func (b *blockLists) wait(ctx context.Context) error {
	select {
	case <-b.loaded:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("block lists: %w", ctx.Err())
	}
}

// of returns an account's list, or nil.
func (b *blockLists) of(account events.JID) *blockList {
	if !b.some.Load() {
		return nil
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.lists[account.Bare()]
}

// replace makes a list the account's unless there is a newer one, and returns
// the one before.
func (b *blockLists) replace(account events.JID, next *blockList) (old *blockList, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	old = b.lists[account]
	if old != nil && old.revision >= next.revision {
		return nil, false
	}
	b.lists[account.Clone()] = next
	if len(next.jids) > 0 {
		b.some.Store(true)
	}
	return old, true
}

// between reports that the account of one of two sessions blocks the other.
func (b *blockLists) between(x, y events.JID) bool {
	if !b.some.Load() || x.Bare() == y.Bare() {
		return false
	}
	return b.of(x).blocks(y) || b.of(y).blocks(x)
}

// blocked returns a function that reports that an account blocks a sender, nil
// if it blocks nobody. Nobody blocks themselves.
func (b *blockLists) blocked(account events.JID) func(from events.JID) bool {
	list := b.of(account)
	if list == nil || len(list.jids) == 0 {
		return nil
	}
	return func(from events.JID) bool { return from.Bare() != account && list.blocks(from) }
}

// EncodeBlocked returns the document of an account that blocks these JIDs, at most
// 1,000; nil if there are none.
func EncodeBlocked(jids []events.JID) []byte {
	if len(jids) == 0 {
		return nil
	}
	l := &blockList{jids: map[events.JID]struct{}{}}
	for _, j := range jids {
		l.jids[j] = struct{}{}
	}
	return l.encode()
}

// DecodeBlocked reads such a document, which may be none, in the order of the text.
func DecodeBlocked(doc events.Document) ([]events.JID, error) {
	l, err := decodeBlockList(doc)
	if err != nil {
		return nil, err
	}
	return l.sorted(), nil
}
