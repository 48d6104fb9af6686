package delivery

import (
	"encoding/binary"
	"errors"

	"github.com/rollcall-xmpp/rollcall/events"
)

// A parcel carries one stanza to all of its recipients at one connector: a
// version, the hops so far, flags, the lane, since, the position after, the
// recipients' session ids, those of all who are handed the stanza if there are
// others, and the stanza, which takes the rest.
//
// The position keeps cause and effect in order over the two ways that things
// go: presence travels in the log, a message beside it. A connector unpacks a
// parcel when its own table has what its sender had done, so that nobody gets a
// message from somebody whose presence comes later, and what its recipient had
// done, as far as the sender's connector knew.
type parcel struct {
	hops     uint8
	directed bool   // available presence, which is not shown after its session's end
	event    bool   // of personal eventing, for clients that ask for it; addressed when it is handed out
	final    bool   // not to be sent to others if its recipients have gone
	bare     bool   // for the bare JID: not for a session that no longer takes what is sent to that
	fetch    bool   // no stanza: the recipient is to fetch what waits
	copied   bool   // carbons of it go to the account's other sessions
	carbon   bool   // it is one
	lane     uint64 // of the sender: parcels of one lane are handled in order
	since    int64  // see Outgoing
	after    events.Position
	to       []events.SessionID
	all      []events.SessionID // see Outgoing
	stanza   []byte
}

const parcelVersion = 3

// The flags of a parcel.
const (
	parcelDirected = 1 << iota
	parcelEvent
	parcelFetch
	parcelBare
	parcelFinal
	parcelCopied
	parcelCarbon
)

var errParcel = errors.New("not a parcel")

// laneOf is the lane of the parcels that an account sends.
func laneOf(sender events.JID) uint64 {
	h := uint64(14695981039346656037) // FNV-1a
	for _, c := range []byte(sender.Bare().String()) {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return h
}

// encode returns the parcel in memory of its own, with some room behind it for
// the courier's trailer.
func (p *parcel) encode() []byte {
	const most, spare = 64, 32 // of the parts that have no length of their own
	ids := (len(p.to) + len(p.all)) * len(events.SessionID{})
	return p.append(make([]byte, 0, most+len(p.after.Stream)+ids+len(p.stanza)+spare))
}

// append writes the parts in the order in which parcel names them. Another form has
// another version, which connectors that don't know it refuse.
func (p *parcel) append(b []byte) []byte {
	b = append(b, parcelVersion, p.hops, p.flags())
	b = binary.BigEndian.AppendUint64(b, p.lane)
	b = binary.AppendVarint(b, p.since)
	b = binary.AppendUvarint(b, uint64(len(p.after.Stream)))
	b = append(b, p.after.Stream...)
	b = binary.AppendUvarint(b, uint64(p.after.Seq))
	b = appendIDs(b, p.to)
	b = appendIDs(b, p.all)
	return append(b, p.stanza...)
}

func (p *parcel) flags() (f byte) {
	if p.directed {
		f |= parcelDirected
	}
	if p.event {
		f |= parcelEvent
	}
	if p.fetch {
		f |= parcelFetch
	}
	if p.bare {
		f |= parcelBare
	}
	if p.final {
		f |= parcelFinal
	}
	if p.copied {
		f |= parcelCopied
	}
	if p.carbon {
		f |= parcelCarbon
	}
	return f
}

func appendIDs(b []byte, ids []events.SessionID) []byte {
	b = binary.AppendUvarint(b, uint64(len(ids)))
	for i := range ids {
		b = append(b, ids[i][:]...)
	}
	return b
}

// parseParcel reads what append has written. A payload that comes over NATS is
// believed to be a connector's, but no length in it is: nothing is read beyond
// the end.
func parseParcel(b []byte) (p parcel, err error) {
	if len(b) < 11 || b[0] != parcelVersion {
		return p, errParcel
	}
	flags := b[2]
	p.hops, p.directed, p.event = b[1], flags&parcelDirected != 0, flags&parcelEvent != 0
	p.fetch, p.bare, p.final = flags&parcelFetch != 0, flags&parcelBare != 0, flags&parcelFinal != 0
	p.copied, p.carbon = flags&parcelCopied != 0, flags&parcelCarbon != 0
	p.lane = binary.BigEndian.Uint64(b[3:])
	r := parcelReader{rest: b[11:]}
	p.since = r.varint()
	p.after.Stream = string(r.bytes(r.number()))
	p.after.Seq = events.Seq(r.number())
	p.to, p.all = r.ids(), r.ids()
	p.stanza = r.rest
	if r.bad {
		return parcel{}, errParcel
	}
	return p, nil
}

// A parcelReader reads the parts of a parcel; bad says that one was not there.
type parcelReader struct {
	rest []byte
	bad  bool
}

func (r *parcelReader) number() uint64 {
	v, n := binary.Uvarint(r.rest)
	return r.passed(v, n)
}

func (r *parcelReader) varint() int64 {
	v, n := binary.Varint(r.rest)
	return int64(r.passed(uint64(v), n))
}

func (r *parcelReader) passed(v uint64, n int) uint64 {
	if n <= 0 || r.bad {
		r.bad = true
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *parcelReader) bytes(n uint64) []byte {
	if r.bad || n > uint64(len(r.rest)) {
		r.bad = true
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

// ids reads a list of session ids into memory of its own; nil if it is empty.
func (r *parcelReader) ids() []events.SessionID {
	n := r.number()
	if n > uint64(len(r.rest)/len(events.SessionID{})) {
		r.bad = true
	}
	if r.bad || n == 0 {
		return nil
	}
	ids := make([]events.SessionID, n)
	for i := range ids {
		r.rest = r.rest[copy(ids[i][:], r.rest):]
	}
	return ids
}
