package events

import (
	"encoding/binary"
	"fmt"
	"math"
	"unsafe"
)

// The part of msgpack that records use, written out because a fold decodes a
// million records a second on one core. The tests compare it with
// vmihailenco/msgpack.

// maxNesting bounds the arrays and maps within a field that is skipped.
const maxNesting = 32

func appendArray(b []byte, n int) []byte {
	if n < 16 {
		return append(b, 0x90|byte(n))
	}
	return append(b, 0xdc, byte(n>>8), byte(n))
}

func appendUint(b []byte, v uint64) []byte {
	switch {
	case v < 0x80:
		return append(b, byte(v))
	case v <= math.MaxUint8:
		return append(b, 0xcc, byte(v))
	case v <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(b, 0xcd), uint16(v))
	case v <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(b, 0xce), uint32(v))
	}
	return binary.BigEndian.AppendUint64(append(b, 0xcf), v)
}

func appendInt(b []byte, v int64) []byte {
	switch {
	case v >= 0:
		return appendUint(b, uint64(v))
	case v >= -32:
		return append(b, byte(v))
	case v >= math.MinInt8:
		return append(b, 0xd0, byte(v))
	}
	return binary.BigEndian.AppendUint64(append(b, 0xd3), uint64(v))
}

func appendBool(b []byte, v bool) []byte {
	if v {
		return append(b, 0xc3)
	}
	return append(b, 0xc2)
}

func appendString(b []byte, s string) []byte {
	switch n := len(s); {
	case n < 32:
		b = append(b, 0xa0|byte(n))
	case n <= math.MaxUint8:
		b = append(b, 0xd9, byte(n))
	case n <= math.MaxUint16:
		b = append(b, 0xda, byte(n>>8), byte(n))
	default:
		b = binary.BigEndian.AppendUint32(append(b, 0xdb), uint32(n))
	}
	return append(b, s...)
}

// appendBin appends bytes that are no text. Readers in other languages stop at a
// string that is not UTF-8.
func appendBin[V ~[]byte | ~string](b []byte, v V) []byte {
	switch n := len(v); {
	case n <= math.MaxUint8:
		b = append(b, 0xc4, byte(n))
	case n <= math.MaxUint16:
		b = append(b, 0xc5, byte(n>>8), byte(n))
	default:
		b = binary.BigEndian.AppendUint32(append(b, 0xc6), uint32(n))
	}
	return append(b, v...)
}

// A decoder reads one record. After its first error every read gives zero.
type decoder struct {
	b   []byte // what is left
	err error
}

func (d *decoder) fail(format string, args ...any) {
	if d.err == nil {
		d.err = fmt.Errorf("%w: %s", ErrUndecodable, fmt.Sprintf(format, args...))
	}
	d.b = nil
}

// take cuts the next n bytes off.
func (d *decoder) take(n uint64) []byte {
	if n > uint64(len(d.b)) {
		d.fail("cut short")
		return nil
	}
	v := d.b[:n]
	d.b = d.b[n:]
	return v
}

func (d *decoder) byte() byte {
	if len(d.b) == 0 {
		d.fail("cut short")
		return 0xc1 // never used in msgpack
	}
	c := d.b[0]
	d.b = d.b[1:]
	return c
}

// be reads n bytes, at most 8, as a big-endian number.
func (d *decoder) be(n uint64) (v uint64) {
	for _, c := range d.take(n) {
		v = v<<8 | uint64(c)
	}
	return v
}

// uint also takes a number that another writer gave a signed form.
func (d *decoder) uint() uint64 {
	c := d.byte()
	switch {
	case c < 0x80:
		return uint64(c)
	case 0xcc <= c && c <= 0xcf:
		return d.be(1 << (c - 0xcc))
	case 0xd0 <= c && c <= 0xd3:
		if v := d.signed(c); v >= 0 {
			return uint64(v)
		}
	}
	d.fail("0x%02x is no unsigned integer", c)
	return 0
}

// signed reads the rest of a number of the forms 0xd0 to 0xd3.
func (d *decoder) signed(c byte) int64 {
	n := uint64(1) << (c - 0xd0)
	shift := 64 - 8*n
	return int64(d.be(n)<<shift) >> shift
}

func (d *decoder) int() int64 {
	c := d.byte()
	switch {
	case c < 0x80, c >= 0xe0:
		return int64(int8(c))
	case 0xcc <= c && c <= 0xcf:
		return int64(d.be(1 << (c - 0xcc)))
	case 0xd0 <= c && c <= 0xd3:
		return d.signed(c)
	}
	d.fail("0x%02x is no integer", c)
	return 0
}

func (d *decoder) bool() bool {
	c := d.byte()
	if c != 0xc2 && c != 0xc3 {
		d.fail("0x%02x is no boolean", c)
	}
	return c == 0xc3
}

// bytes reads a string or binary field; the two are not told apart.
func (d *decoder) bytes() []byte {
	c := d.byte()
	switch {
	case 0xa0 <= c && c <= 0xbf:
		return d.take(uint64(c & 0x1f))
	case 0xd9 <= c && c <= 0xdb:
		return d.take(d.be(1 << (c - 0xd9)))
	case 0xc4 <= c && c <= 0xc6:
		return d.take(d.be(1 << (c - 0xc4)))
	}
	d.fail("0x%02x is no string", c)
	return nil
}

// string refers to the record's bytes; see [Record.Decode].
func (d *decoder) string() string {
	b := d.bytes()
	return unsafe.String(unsafe.SliceData(b), len(b))
}

// bin is string for a field that is never text, and takes no other form.
func (d *decoder) bin() string {
	if len(d.b) > 0 && (d.b[0] < 0xc4 || d.b[0] > 0xc6) {
		d.fail("0x%02x is not binary", d.b[0])
	}
	return d.string()
}

func (d *decoder) id() (id ID) {
	b := d.bytes()
	if len(b) != 0 && len(b) != len(id) {
		d.fail("an id has %d bytes", len(b))
		return ID{}
	}
	copy(id[:], b)
	return id
}

func (d *decoder) jid() JID { return StoredJID(d.string()) }

func (d *decoder) array() int {
	c := d.byte()
	switch {
	case 0x90 <= c && c <= 0x9f:
		return int(c & 0x0f)
	case c == 0xdc:
		return int(d.be(2))
	case c == 0xdd:
		return int(min(d.be(4), math.MaxInt32))
	}
	d.fail("0x%02x is no array", c)
	return 0
}

// skip passes over one value of any type.
func (d *decoder) skip(depth int) {
	if depth > maxNesting {
		d.fail("nested deeper than %d", maxNesting)
		return
	}
	c := d.byte()
	switch {
	case c < 0x80, c >= 0xe0, c == 0xc0, c == 0xc2, c == 0xc3:
	case c <= 0x8f:
		d.skipN(2*uint64(c&0x0f), depth+1)
	case c <= 0x9f:
		d.skipN(uint64(c&0x0f), depth+1)
	case c <= 0xbf:
		d.take(uint64(c & 0x1f))
	case c <= 0xc1:
		d.fail("0x%02x is no msgpack", c)
	case c <= 0xc6:
		d.take(d.be(1 << (c - 0xc4)))
	case c <= 0xc9:
		d.take(d.be(1<<(c-0xc7)) + 1)
	case c <= 0xcb:
		d.take(4 << (c - 0xca))
	case c <= 0xcf:
		d.take(1 << (c - 0xcc))
	case c <= 0xd3:
		d.take(1 << (c - 0xd0))
	case c <= 0xd8:
		d.take(1<<(c-0xd4) + 1)
	case c <= 0xdb:
		d.take(d.be(1 << (c - 0xd9)))
	case c <= 0xdd:
		d.skipN(d.be(2<<(c-0xdc)), depth+1)
	default:
		d.skipN(2*d.be(2<<(c-0xde)), depth+1)
	}
}

// skipN passes over n values, as far as there are any: n is the writer's word.
func (d *decoder) skipN(n uint64, depth int) {
	for ; n > 0 && d.err == nil; n-- {
		d.skip(depth)
	}
}
