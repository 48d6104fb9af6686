package keyframe

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"unsafe"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// minAccount is what an account takes at least, in bytes: its fields, a byte each.
const minAccount = 4

// An encoder appends a keyframe's parts.
type encoder struct {
	b      []byte
	record []byte // room for one
}

func (e *encoder) uint(v uint64) { e.b = binary.AppendUvarint(e.b, v) }
func (e *encoder) int(v int64)   { e.b = binary.AppendVarint(e.b, v) }
func (e *encoder) text(s string) { e.b = append(binary.AppendUvarint(e.b, uint64(len(s))), s...) }

func (e *encoder) head(h Head) {
	part := encoder{}
	part.text(h.Stream)
	part.int(h.Created)
	part.uint(uint64(h.Seq))
	part.int(h.At)
	part.b = append(part.b, h.ID[:]...)
	part.int(h.Begins)
	part.uint(uint64(h.Sessions))
	part.uint(uint64(h.Accounts))
	if h.Leases != nil {
		part.leases(h.Leases)
	}
	e.text(string(part.b))
}

func (e *encoder) leases(l *session.Leases) {
	e.uint(uint64(l.Seq))
	e.int(l.At)
	e.uint(uint64(len(l.Held)))
	for _, h := range l.Held {
		e.incarnation(h.Incarnation)
		e.int(h.Since)
	}
	e.uint(uint64(len(l.Ended)))
	for _, i := range l.Ended {
		e.incarnation(i)
	}
}

func (e *encoder) incarnation(i events.Incarnation) {
	e.text(i.Name)
	e.uint(i.Epoch)
}

func (e *encoder) account(a *session.Account) {
	e.text(a.JID().String())
	e.uint(uint64(a.Seq))
	e.uint(uint64(len(a.Sessions())))
	for _, s := range a.Sessions() {
		r := s.Record()
		r.ID = events.EventID(s.ID) // a record must have one
		e.record = r.Append(e.record[:0])
		e.uint(uint64(len(e.record)))
		e.b = append(e.b, e.record...)
	}
}

// A decoder reads a keyframe's parts. After an error it reads zeros.
type decoder struct {
	b       []byte
	own     func(*events.Stored)
	err     error
	records []events.Stored // room for an account's
}

func (d *decoder) fail(format string, args ...any) {
	if d.err == nil {
		d.err = fmt.Errorf(format, args...)
	}
	d.b = nil
}

var errShort = errors.New("cut short")

// skip passes over n bytes of a varint; n is as package binary gives it.
func (d *decoder) skip(n int) {
	if n <= 0 {
		d.fail("%w", errShort)
		return
	}
	d.b = d.b[n:]
}

func (d *decoder) uint() uint64 {
	v, n := binary.Uvarint(d.b)
	d.skip(n)
	return v
}

func (d *decoder) int() int64 {
	v, n := binary.Varint(d.b)
	d.skip(n)
	return v
}

func (d *decoder) take(n uint64) []byte {
	if n > uint64(len(d.b)) {
		d.fail("%w", errShort)
		return nil
	}
	b := d.b[:n]
	d.b = d.b[n:]
	return b
}

// text refers to the body, which nobody changes.
func (d *decoder) text() string {
	b := d.take(d.uint())
	return unsafe.String(unsafe.SliceData(b), len(b))
}

func (d *decoder) head() Head {
	part := decoder{b: d.take(d.uint())}
	h := part.headFields()
	if part.err != nil {
		d.fail("%w", part.err)
	}
	return h
}

// headFields reads a head without its length. More may follow.
func (d *decoder) headFields() (h Head) {
	h.Stream = string([]byte(d.text()))
	h.Created = d.int()
	h.Seq = events.Seq(d.uint())
	h.At = d.int()
	copy(h.ID[:], d.take(uint64(len(h.ID))))
	h.Begins = d.int()
	h.Sessions = int(d.uint())
	h.Accounts = int(d.uint())
	if len(d.b) > 0 {
		h.Leases = d.leases()
	}
	if d.err != nil {
		d.err = fmt.Errorf("head: %w", d.err)
	}
	return h
}

func (d *decoder) leases() *session.Leases {
	l := session.Leases{Seq: events.Seq(d.uint()), At: d.int()}
	for n := d.uint(); n > 0 && d.err == nil; n-- {
		l.Held = append(l.Held, session.Lease{Incarnation: d.incarnation(), Since: d.int()})
	}
	for n := d.uint(); n > 0 && d.err == nil; n-- {
		l.Ended = append(l.Ended, d.incarnation())
	}
	return &l
}

func (d *decoder) incarnation() events.Incarnation {
	return events.Incarnation{Name: strings.Clone(d.text()), Epoch: d.uint()}
}

func (d *decoder) account() *session.Account {
	name, seq := d.text(), events.Seq(d.uint())
	d.records = d.records[:0]
	for range d.uint() {
		st := events.Stored{Seq: seq}
		data := d.take(d.uint())
		if d.err != nil {
			return nil
		}
		if err := st.Decode(data); err != nil {
			d.fail("a session of %s: %w", name, err)
			return nil
		}
		d.own(&st)
		d.records = append(d.records, st)
	}
	if len(d.records) == 0 {
		d.fail("an account without sessions")
		return nil
	}
	return session.Restore(seq, d.records)
}
