package names

import (
	"context"
	"iter"
	"sync"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/lru"
)

// A Bucket keeps a document an account; bus.Bus.Names is one.
type Bucket interface {
	events.Bucket
	// PutFor is Put of a document that goes by itself after a time.
	PutFor(ctx context.Context, account events.JID, data []byte, revision uint64, keep time.Duration) (uint64, error)
	// All gives every document that there is. An error is the last.
	All(ctx context.Context) iter.Seq2[events.Document, error]
	// PutAll puts each document at the revision it names, and gives each back
	// with its new one, or an error.
	PutAll(ctx context.Context, docs iter.Seq[events.Document]) iter.Seq2[events.Document, error]
}

// DefaultCache is the number of accounts in memory.
const DefaultCache = 1 << 16

// Names knows the accounts' pseudonyms.
type Names struct {
	bucket  Bucket
	log     events.Log
	lenient bool

	mu    sync.Mutex
	cache lru.Cache[string, *entry] // owned by mu, as are its entries
}

// New knows the pseudonyms of a log's accounts.
func New(bucket Bucket, log events.Log) *Names { return NewSized(bucket, log, DefaultCache) }

// NewSized is New with room for so many accounts in memory.
func NewSized(bucket Bucket, log events.Log, accounts int) *Names {
	return &Names{bucket: bucket, log: log, cache: lru.Cache[string, *entry]{Limit: max(accounts, 1)}}
}

// Lenient is n that gives no pseudonym, and no error, where there is none and NATS does not
// permit this user to make one. It must be called before anything is asked.
func (n *Names) Lenient() *Names {
	n.lenient = true
	return n
}

// Of is the pseudonym of a record's account, at that record. It is zero if the record
// is of no account, as those of connectors and all before authentication, and where the
// account was erased. Errors are those of the bucket and of the log.
func (n *Names) Of(ctx context.Context, st *events.Stored) (Pseudonym, error) {
	if !hasName(st) {
		return Pseudonym{}, nil
	}
	n.mu.Lock()
	e, there := n.cache.Get(st.Account().String())
	if there {
		if p, ok := e.answer(st); ok {
			n.mu.Unlock()
			return p, nil
		}
	}
	n.mu.Unlock()
	var p [1]Pseudonym
	err := n.OfAll(ctx, []*events.Stored{st}, p[:])
	return p[0], err
}

// OfAll is Of for many records, in the log's order, and fills pseudonyms, which is as
// long. All documents that it has to read or to make are on their way at once, so that
// it costs a few round trips for thousands of accounts.
func (n *Names) OfAll(ctx context.Context, records []*events.Stored, pseudonyms []Pseudonym) error {
	left := make([]int, 0, len(records))
	for i, st := range records {
		pseudonyms[i] = Pseudonym{}
		if hasName(st) {
			left = append(left, i)
		}
	}
	held := make(map[string]*entry) // beside the cache, which may be smaller
	for {
		left = n.answer(records, pseudonyms, held, left)
		if len(left) == 0 {
			return nil
		}
		if err := n.fetch(ctx, records, left, held); err != nil {
			return err
		}
	}
}

// answer fills in the names that are certain, and returns the places of the others. Of
// an account whose record is not certain none of the later ones is asked for.
func (n *Names) answer(records []*events.Stored, pseudonyms []Pseudonym, held map[string]*entry, places []int) (left []int) {
	waits := make(map[string]bool)
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, i := range places {
		account := records[i].Account().String()
		e, ok := held[account]
		if !ok {
			e, ok = n.cache.Get(account)
		}
		if ok && !waits[account] {
			pseudonyms[i], ok = e.answer(records[i])
		}
		if !ok || waits[account] {
			waits[account] = true
			left = append(left, i)
		}
	}
	return left
}

// hasName reports a record of an account.
func hasName(st *events.Stored) bool {
	k := st.Event.Kind()
	return st.JID.Local() != "" && (k < events.KindConnected || k >= 96)
}

// begins reports a record with which another incarnation of its account begins.
func begins(st *events.Stored) bool {
	return st.Prev > 0 && st.Event.Kind() == events.KindAccountCreated
}

// An entry is what is known of an account up to some record of it.
type entry struct {
	known
	upTo     events.Seq
	revision uint64 // of the document
	unmade   bool   // there is none, and none could be made
}

// answer is the pseudonym of a record, if it is certain.
func (e *entry) answer(st *events.Stored) (p Pseudonym, certain bool) {
	if e.unmade {
		return p, true
	}
	if st.Seq > e.upTo && st.Prev > e.upTo {
		return p, false // who knows what happened in between
	}
	if st.Seq > e.erased {
		i, ok := e.of(st.Seq)
		if !ok || begins(st) && i.from != st.Seq {
			return p, false
		}
		p = i.who
	}
	e.upTo = max(e.upTo, st.Seq)
	return p, true
}
