package roster

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/rollcall-xmpp/rollcall/events"
)

// ErrDocument is wrapped by every error of [Decode].
var ErrDocument = errors.New("not a roster document")

// Decode reads the document that the store has at a revision. Its errors wrap
// [ErrDocument].
func Decode(revision uint64, doc []byte) (*Roster, error) {
	if len(doc) > events.MaxDocument {
		return nil, fmt.Errorf("%w: %d bytes, the limit is %d", ErrDocument, len(doc), events.MaxDocument)
	}
	d := reader{d: msgpack.NewDecoder(bytes.NewReader(doc)), size: len(doc)}
	n := d.array(docFields)
	if v := d.int(); d.err == nil && v != docVersion {
		return nil, fmt.Errorf("%w: version %d, this program reads %d; upgrade it", ErrDocument, v, docVersion)
	}
	r := &Roster{version: revision}
	d.items(r)
	d.requests(r)
	if n > docFields {
		d.notices(r)
		n--
	}
	d.skip(n - docFields)
	if d.err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDocument, d.err)
	}
	return r, nil
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

// bytes looks at the length before it makes room: DecodeBytes believes any.
func (r *reader) bytes() []byte {
	n := read(r, r.d.DecodeBytesLen)
	if n > r.size {
		r.fail("%d bytes in a document of %d", n, r.size)
	}
	if r.err != nil || n < 0 {
		return nil
	}
	b := make([]byte, n)
	r.err = r.d.ReadFull(b)
	return b
}

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
	n -= itemFields
	i.ours = r.optional(&n)
	i.theirs = r.optional(&n)
	r.skip(n)
}

// optional reads a number that was appended later, if any of n more fields are
// there.
func (r *reader) optional(n *int) number {
	if *n <= 0 {
		return 0
	}
	*n--
	return read(r, r.d.DecodeUint64)
}

func (r *reader) requests(to *Roster) {
	seen := make(map[events.JID]bool)
	for range r.array(0) {
		n := r.array(requestFields)
		q := Request{From: r.jid(), Stanza: r.bytes()}
		n -= requestFields
		q.number = r.optional(&n)
		r.skip(n)
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

func (r *reader) notices(to *Roster) {
	n := r.array(1)
	to.noticed = read(r, r.d.DecodeUint64)
	if n-1 > MaxNotices || uint64(n-1) > to.noticed {
		r.fail("%d notices of %d", n-1, to.noticed)
	}
	for range n - 1 {
		to.notices = append(to.notices, r.bytes())
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
