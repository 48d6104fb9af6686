package events

import (
	"cmp"
	"errors"
	"fmt"
	"time"
)

// Limits of a record. A presence stanza is bounded by the connector's stanza
// limit, which is well below.
const (
	// MaxRecord is the greatest size of an encoded record in bytes. Append
	// does not check it; a Log refuses more.
	MaxRecord = 512 << 10
	// envelopeVersion is the version of the array that holds an event.
	envelopeVersion = 1
	// envelopeFields is the number of fields of version 1.
	envelopeFields = 12
)

// ErrUndecodable is wrapped by every error of [Record.Decode].
var ErrUndecodable = errors.New("undecodable record")

// Seq is a stream sequence: the place of a record in its log. 0 is before the
// first.
type Seq uint64

// A Position is a place in one stream. Positions of two streams can't be
// compared.
type Position struct {
	Stream string
	Seq    Seq
}

// An Incarnation is one run of a connector, from its start to its end. Epoch is
// the sequence of its first lease message and grows with every start.
type Incarnation struct {
	Name  string
	Epoch uint64
}

// String gives name#epoch.
func (i Incarnation) String() string { return fmt.Sprintf("%s#%d", i.Name, i.Epoch) }

// Compare orders incarnations by name, then by epoch: less than 0 if i comes first, 0
// if they are the same.
func (i Incarnation) Compare(other Incarnation) int {
	return cmp.Or(cmp.Compare(i.Name, other.Name), cmp.Compare(i.Epoch, other.Epoch))
}

// Connectors is in the place of an account in the records of connectors, so that
// these have an order of their own, a compare-and-set like any account's, and a form
// that every reader can read. It names nobody: no account is without a localpart,
// and [ParseJID] makes no JID of this domainpart.
var Connectors = StoredJID("_connectors")

// Networks is in the place of an account in the records of networks, as Connectors is in
// those of connectors, and names nobody either.
var Networks = StoredJID("_networks")

// A Record is an event with its circumstances, as it is appended.
type Record struct {
	ID        EventID     // of this event: tells it from another in its place
	Session   SessionID   // zero for events of the account itself, of connectors and of networks
	JID       JID         // full once the session is bound, otherwise bare; Connectors or Networks for their events; may be zero before authentication
	Time      int64       // Unix nanoseconds by the connector's clock; advisory
	Connector Incarnation // the one that wrote it
	Cause     ConnID      // whose client led to it; may be zero
	Prev      Seq         // sequence of the account's record before, 0 for the first
	Event     Event
}

// Account is the bare JID to whose subject the record belongs.
func (r *Record) Account() JID { return r.JID.Bare() }

// IsService reports a record of connectors or of networks, which is no account's.
func (r *Record) IsService() bool { return r.JID == Connectors || r.JID == Networks }

// A Stored is a record as the log keeps it.
type Stored struct {
	Record
	Stream string // that keeps it
	Seq    Seq
	Part   uint32 // place in its message where records share one, which those of the log never do
	At     int64  // Unix nanoseconds at which the log stored it; the time that counts
}

// Position is where the record is.
func (s *Stored) Position() Position { return Position{Stream: s.Stream, Seq: s.Seq} }

// StoredAt is At as a time.
func (s *Stored) StoredAt() time.Time { return time.Unix(0, s.At) }

// Append appends the record's encoding to b: a msgpack array of the envelope's
// version, the kind, the kind's version, id, session, JID, time, connector's
// name and epoch, cause, prev, and the array of the event's own fields. It
// allocates nothing if b has room.
func (r *Record) Append(b []byte) []byte {
	b = appendArray(b, envelopeFields)
	b = appendUint(b, envelopeVersion)
	b = appendUint(b, uint64(r.Event.Kind()))
	b = appendUint(b, uint64(r.Event.version()))
	b = appendBin(b, r.ID[:])
	b = appendBin(b, idBytes((*ID)(&r.Session)))
	b = appendString(b, r.JID.String())
	b = appendInt(b, r.Time)
	b = appendString(b, r.Connector.Name)
	b = appendUint(b, r.Connector.Epoch)
	b = appendBin(b, idBytes((*ID)(&r.Cause)))
	b = appendUint(b, uint64(r.Prev))
	return r.Event.appendFields(b)
}

// Decode reads a record into r. To cost next to nothing its strings refer to
// data, which must not change as long as they are used; whoever keeps one
// clones it. Errors wrap [ErrUndecodable], and r is then undefined.
func (r *Record) Decode(data []byte) error { return r.decode(data, &upcasters) }

func (r *Record) decode(data []byte, up *upcastTable) error {
	d := decoder{b: data}
	n := d.array()
	if n < envelopeFields {
		d.fail("the envelope has %d fields, not %d", n, envelopeFields)
	}
	if v := d.uint(); v == 0 {
		d.fail("envelope version 0")
	}
	kind, version := d.uint(), d.uint()
	if kind > 255 || version > 255 {
		d.fail("kind %d version %d", kind, version)
	}
	r.ID, r.Session = EventID(d.id()), SessionID(d.id())
	r.JID = d.jid()
	r.Time = d.int()
	r.Connector = Incarnation{Name: d.string(), Epoch: d.uint()}
	r.Cause = ConnID(d.id())
	r.Prev = Seq(d.uint())
	if d.err == nil && (r.ID.IsZero() || r.JID.IsZero() && !Kind(kind).beforeAccount()) {
		d.fail("no JID or no id")
	}
	if d.err != nil {
		return d.err
	}
	r.Event = d.event(Kind(kind), uint8(version), up)
	d.skipN(uint64(n-envelopeFields), 0)
	return d.err
}

func idBytes(id *ID) []byte {
	if id.IsZero() {
		return nil
	}
	return id[:]
}
