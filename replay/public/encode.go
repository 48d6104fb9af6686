package public

import (
	"encoding/hex"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay/names"
)

// Addresses say how much of clients' addresses is told.
type Addresses uint8

// How much.
const (
	FullAddresses   Addresses = iota // with their ports
	PrefixAddresses                  // the network: /24 of IPv4, /48 of IPv6
	NoAddresses
)

// Options say what is told beyond what all may see.
type Options struct {
	Addresses Addresses
	// Whole adds what is not published: stanzas, lists of JIDs, the fields of unknown
	// kinds. It is for those who may read the log itself. An object may then be larger
	// than the 64 KiB that all are to take.
	Whole bool
}

// An Encoder writes records of a log and of the stream before authentication.
type Encoder struct {
	Options
	log, pre source
}

// A source is one as it stands in each event.
type source struct {
	stream string
	head   string // from the end of the id to the beginning of the type
}

// NewEncoder writes records of these two streams.
func NewEncoder(log, pre Source, o Options) *Encoder {
	as := func(s Source) source {
		return source{s.Stream, `","source":` + string(appendString(nil, s.String())) + `,"type":"`}
	}
	return &Encoder{Options: o, log: as(log), pre: as(pre)}
}

// Append appends a record as one JSON object. who is the pseudonym of its account, zero
// if it has none. A record that is of neither stream counts as the log's.
func (e *Encoder) Append(b []byte, st *events.Stored, who names.Pseudonym) []byte {
	t := TypeOf(st.Event.Kind())
	b = appendID(append(b, `{"specversion":"1.0","id":"`...), st.ID)
	b = e.appendType(b, st.Stream, t)
	b = appendSubject(b, st, t, who)
	b = appendTime(b, `,"time":`, st.Time)
	b = appendTime(b, `,"recordedtime":`, st.At)
	b = e.appendPlace(b, st.Stream, st.Seq, st.Part)
	if !st.JID.IsZero() {
		b = append(appendUint(b, `,"partitionkey":"`, uint64(Partition(st.Account()))), '"')
	}
	b = appendLinks(b, st)
	b = appendSchema(b, t)
	start := len(b)
	b = appendCommon(b, st, t, who)
	b = e.appendFields(b, st.Event)
	if ms, ok := DurationMillis(st); ok {
		b = appendMilli(b, `,"began":`, millis(st.Session))
		b = appendUint(b, `,"duration_ms":`, uint64(ms))
	}
	return closeData(b, start)
}

// AppendDamaged appends the form of a record that can't be decoded.
func (e *Encoder) AppendDamaged(b []byte, p *events.PoisonError) []byte {
	b = e.appendUnread(b, p.Stream, p.Seq, p.Part, damaged)
	if p.At != 0 {
		b = appendTime(b, `,"time":`, p.At)
		b = appendTime(b, `,"recordedtime":`, p.At)
	}
	b = e.appendPlace(b, p.Stream, p.Seq, p.Part)
	b = appendSchema(b, damaged)
	return closeData(appendUint(b, `,"size":`, uint64(len(p.Data))), len(b))
}

// AppendLost appends, as the event of a sequence, that the log has lost records.
func (e *Encoder) AppendLost(b []byte, seq, from, to events.Seq) []byte {
	b = e.appendUnread(b, e.log.stream, seq, 0, lost)
	b = e.appendPlace(b, e.log.stream, seq, 0)
	b = appendSchema(b, lost)
	start := len(b)
	b = appendUint(b, `,"from":`, uint64(from))
	return closeData(appendUint(b, `,"to":`, uint64(to)), start)
}

var (
	damaged = &types[len(types)-2]
	lost    = &types[len(types)-1]
)

// appendUnread begins an event without a record, which has its sequence for an id.
func (e *Encoder) appendUnread(b []byte, stream string, seq events.Seq, part uint32, t *Type) []byte {
	b = append(b, `{"specversion":"1.0","id":"`...)
	return e.appendType(e.appendNumber(b, stream, seq, part), stream, t)
}

// appendType goes on after the id, with the source.
func (e *Encoder) appendType(b []byte, stream string, t *Type) []byte {
	if stream == e.pre.stream {
		b = append(b, e.pre.head...)
	} else {
		b = append(b, e.log.head...)
	}
	b = append(append(append(b, "rollcall."...), t.Class...), '.')
	return append(append(b, t.Event...), `.v1"`...)
}

// appendNumber writes the sequence; where records share a message, each its own.
func (e *Encoder) appendNumber(b []byte, stream string, seq events.Seq, part uint32) []byte {
	b = appendSequence(b, seq)
	if stream == e.pre.stream {
		b = appendDigits(append(b, '.'), uint64(part), 4)
	}
	return b
}

func (e *Encoder) appendPlace(b []byte, stream string, seq events.Seq, part uint32) []byte {
	return append(e.appendNumber(append(b, `,"sequence":"`...), stream, seq, part), '"')
}

func appendSchema(b []byte, t *Type) []byte {
	b = append(b, `,"datacontenttype":"application/json","dataschema":"urn:rollcall:schema:`...)
	b = append(append(append(b, t.Class...), '.'), t.Event...)
	return append(b, `:1","data":{`...)
}

// closeData ends an object whose data begins at start with a comma, or has no members.
func closeData(b []byte, start int) []byte {
	if len(b) > start {
		b = append(b[:start], b[start+1:]...)
	}
	return append(b, "}}"...)
}

// appendSubject names what the event is about: the session, the connection before there
// is one, the account by its pseudonym, or the connector.
func appendSubject(b []byte, st *events.Stored, t *Type, who names.Pseudonym) []byte {
	const name = `,"subject":"`
	switch {
	case !st.Session.IsZero():
		return append(appendID(append(b, name...), st.Session), '"')
	case t.Class == Connection && !st.Cause.IsZero():
		return append(appendID(append(b, name...), st.Cause), '"')
	case !who.IsZero():
		return append(appendID(append(b, name...), who), '"')
	case t.Class == Connector:
		about := st.Connector.Name
		if l, ok := st.Event.(events.ConnectorLost); ok {
			about = l.Lost.Name
		}
		return appendSet(b, `,"subject":`, about)
	}
	return b
}

// appendLinks names the connection that led to the event, and the session, or before
// there is one the connection, as a correlation and as a trace (W3C Trace Context): a ULID
// has 80 random bits at its end.
func appendLinks(b []byte, st *events.Stored) []byte {
	if !st.Cause.IsZero() {
		b = append(appendID(append(b, `,"causationid":"`...), st.Cause), '"')
	}
	trace := events.ID(st.Session)
	if trace.IsZero() {
		trace = events.ID(st.Cause)
	}
	if trace.IsZero() {
		return b
	}
	b = append(appendID(append(b, `,"correlationid":"`...), trace), '"')
	span := st.ID[8:]
	if [8]byte(span) == ([8]byte{}) {
		return b // which is no span
	}
	b = hex.AppendEncode(append(b, `,"traceparent":"00-`...), trace[:])
	return append(hex.AppendEncode(append(b, '-'), span), `-03"`...)
}

// appendCommon writes the fields that a type shares with others.
func appendCommon(b []byte, st *events.Stored, t *Type, who names.Pseudonym) []byte {
	if t.Class == Log {
		return b
	}
	if t.Class != Connector && t.Class != Network && !st.JID.IsZero() {
		b = appendText(b, `,"account":`, st.Account().String())
		if t.Class != Connection && !who.IsZero() {
			b = append(appendID(append(b, `,"who":"`...), who), '"')
		}
		if t.Class != Connection && !st.JID.IsBare() {
			b = appendText(b, `,"jid":`, st.JID.String())
		}
	}
	b = appendSet(b, `,"connector":`, st.Connector.Name)
	b = appendUint(b, `,"epoch":`, st.Connector.Epoch)
	if t.Class != Connection {
		b = appendUint(b, `,"prev":`, uint64(st.Prev))
	}
	return b
}

// Partition is what partitionkey says of an account: FNV-32a of its JID, modulo 256. All
// records of an account are in one, in their order.
func Partition(account events.JID) uint8 {
	h := uint32(2166136261)
	for _, c := range []byte(account.Bare().String()) {
		h = (h ^ uint32(c)) * 16777619
	}
	return uint8(h)
}
