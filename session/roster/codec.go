package roster

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/vmihailenco/msgpack/v5"

	"rollcall/events"
)

// The document of a roster is a msgpack array:
//
//	[version, items, requests]
//
// An item is [jid, name, groups, subscription, flags], a request [jid, stanza].
// Fields are only ever appended, to any of these arrays, and a reader skips
// those it doesn't know: the version changes only when an old reader must not
// go on.
const (
	docVersion    = 1
	docFields     = 3
	itemFields    = 5
	requestFields = 2
)

// The flags of an item.
const (
	flagAsk = 1 << iota
	flagApproved
)

// maxDocument is the longest document that is read, in bytes: the store's limit.
const maxDocument = 1 << 20

// ErrDocument is wrapped by every error of [Decode].
var ErrDocument = errors.New("not a roster document")

// Encode returns the roster's document, without its version, which is the
// store's. It has at most [MaxItemBytes] + [MaxRequestBytes] + 16 bytes.
func (r *Roster) Encode() []byte {
	r = r.orEmpty()
	b := bytes.NewBuffer(make([]byte, 0, r.itemBytes+r.requestBytes+16))
	w := writer{e: msgpack.NewEncoder(b)}
	w.array(docFields)
	w.int(docVersion)
	w.array(len(r.items))
	for _, item := range r.items {
		w.item(item)
	}
	w.array(len(r.requests))
	for _, q := range r.requests {
		w.array(requestFields)
		w.string(q.From.String())
		w.check(w.e.EncodeBytes(q.Stanza))
	}
	return b.Bytes()
}

// Decode reads the document that the store has at a revision. Its errors wrap
// [ErrDocument].
func Decode(revision uint64, doc []byte) (*Roster, error) {
	if len(doc) > maxDocument {
		return nil, fmt.Errorf("%w: %d bytes, the limit is %d", ErrDocument, len(doc), maxDocument)
	}
	d := reader{d: msgpack.NewDecoder(bytes.NewReader(doc)), size: len(doc)}
	n := d.array(docFields)
	if v := d.int(); d.err == nil && v != docVersion {
		return nil, fmt.Errorf("%w: version %d, this program reads %d; upgrade it", ErrDocument, v, docVersion)
	}
	r := &Roster{version: revision}
	d.items(r)
	d.requests(r)
	d.skip(n - docFields)
	if d.err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDocument, d.err)
	}
	return r, nil
}

// A writer writes to memory, which can't fail.
type writer struct{ e *msgpack.Encoder }

func (w writer) check(err error) {
	if err != nil {
		panic(fmt.Sprintf("roster: writing to memory failed: %v", err))
	}
}

func (w writer) array(n int)     { w.check(w.e.EncodeArrayLen(n)) }
func (w writer) int(n int)       { w.check(w.e.EncodeInt(int64(n))) }
func (w writer) string(s string) { w.check(w.e.EncodeString(s)) }

func (w writer) item(i *Item) {
	var flags int
	if i.Ask {
		flags |= flagAsk
	}
	if i.Approved {
		flags |= flagApproved
	}
	w.array(itemFields)
	w.string(i.JID.String())
	w.string(i.Name)
	w.array(len(i.Groups))
	for _, g := range i.Groups {
		w.string(g)
	}
	w.int(int(i.Subscription))
	w.int(flags)
}

// A reader remembers the first error, after which it gives zero values.
type reader struct {
	d    *msgpack.Decoder
	size int // bytes of the document: no array has more elements
	err  error
}

func read[T any](r *reader, decode func() (T, error)) T {
	var zero T
	if r.err != nil {
		return zero
	}
	v, err := decode()
	if err != nil {
		r.err = err
		return zero
	}
	return v
}

func (r *reader) int() int       { return read(r, r.d.DecodeInt) }
func (r *reader) string() string { return read(r, r.d.DecodeString) }
func (r *reader) bytes() []byte  { return read(r, r.d.DecodeBytes) }

// array reads the length of an array that must have at least least elements.
func (r *reader) array(least int) int {
	n := read(r, r.d.DecodeArrayLen)
	if r.err == nil && (n < least || n > r.size) {
		r.fail("an array of %d, expected %d or more", n, least)
	}
	if r.err != nil {
		return 0
	}
	return n
}

func (r *reader) skip(n int) {
	for ; n > 0 && r.err == nil; n-- {
		r.err = r.d.Skip()
	}
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
}

func (r *reader) items(to *Roster) {
	n := r.array(0)
	if n > r.size/itemFields {
		r.fail("%d items in %d bytes", n, r.size)
		return
	}
	block := make([]Item, n) // one allocation for all
	to.items = make([]*Item, 0, n)
	for i := range block {
		item := &block[i]
		if r.item(item); r.err != nil {
			return
		}
		if i > 0 && block[i-1].JID.String() >= item.JID.String() {
			r.fail("item %d is out of order", i)
			return
		}
		to.items = append(to.items, item)
		to.itemBytes += item.size()
	}
}

func (r *reader) item(i *Item) {
	n := r.array(itemFields)
	i.JID = r.jid()
	i.Name = r.string()
	if groups := r.array(0); groups > 0 {
		i.Groups = make([]string, groups)
		for g := range i.Groups {
			i.Groups[g] = r.string()
		}
	}
	sub, flags := r.int(), r.int()
	if sub < int(None) || sub > int(Both) {
		r.fail("subscription %d", sub)
	}
	i.Subscription = Subscription(sub)
	i.Ask, i.Approved = flags&flagAsk != 0, flags&flagApproved != 0
	r.skip(n - itemFields)
}

func (r *reader) requests(to *Roster) {
	seen := make(map[events.JID]bool)
	for range r.array(0) {
		n := r.array(requestFields)
		q := Request{From: r.jid(), Stanza: r.bytes()}
		r.skip(n - requestFields)
		if seen[q.From] {
			r.fail("two requests of one contact")
		}
		if r.err != nil {
			return
		}
		seen[q.From] = true
		to.requests = append(to.requests, q)
		to.requestBytes += q.size()
	}
}

// jid reads a bare JID, which was prepared before it was stored.
func (r *reader) jid() events.JID {
	j := events.StoredJID(r.string())
	if r.err == nil && (j.IsZero() || !j.IsBare()) {
		r.fail("no bare JID")
	}
	return j
}
