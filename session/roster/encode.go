package roster

import (
	"bytes"
	"fmt"

	"github.com/vmihailenco/msgpack/v5"
)

// The document of a roster is a msgpack array:
//
//	[version, items, requests, notices]
//
// An item is [jid, name, groups, subscription, flags, ours, theirs], where the last
// two are numbers of requests, left out if there is neither. A request is [jid,
// stanza, number], the last left out if there is none. Notices are [how many there
// were, stanza...]; as long as there were none the field is left out.
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

// Encode returns the roster's document, without its version, which is the
// store's. It has at most events.MaxDocument bytes.
func (r *Roster) Encode() []byte {
	r = r.orEmpty()
	b := bytes.NewBuffer(make([]byte, 0, r.itemBytes+r.requestBytes+16))
	w := writer{e: msgpack.NewEncoder(b)}
	fields := docFields
	if r.noticed > 0 {
		fields++
	}
	w.array(fields)
	w.int(docVersion)
	w.array(len(r.items))
	for _, item := range r.items {
		w.item(item)
	}
	w.array(len(r.requests))
	for _, q := range r.requests {
		w.request(&q)
	}
	if r.noticed > 0 {
		w.array(1 + len(r.notices))
		w.number(r.noticed)
		for _, n := range r.notices {
			w.check(w.e.EncodeBytes(n))
		}
	}
	return b.Bytes()
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
func (w writer) number(n uint64) { w.check(w.e.EncodeUint(n)) }
func (w writer) string(s string) { w.check(w.e.EncodeString(s)) }

func (w writer) item(i *Item) {
	var flags int
	if i.Ask {
		flags |= flagAsk
	}
	if i.Approved {
		flags |= flagApproved
	}
	fields := itemFields
	if i.numbered() {
		fields += 2
	}
	w.array(fields)
	w.string(i.JID.String())
	w.string(i.Name)
	w.array(len(i.Groups))
	for _, g := range i.Groups {
		w.string(g)
	}
	w.int(int(i.Subscription))
	w.int(flags)
	if i.numbered() {
		w.number(i.ours)
		w.number(i.theirs)
	}
}

func (w writer) request(q *Request) {
	fields := requestFields
	if q.number != 0 {
		fields++
	}
	w.array(fields)
	w.string(q.From.String())
	w.check(w.e.EncodeBytes(q.Stanza))
	if q.number != 0 {
		w.number(q.number)
	}
}
