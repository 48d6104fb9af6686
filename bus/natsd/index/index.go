package index

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"

	"github.com/minio/highwayhash"
)

// The head of index.db, and the size of the checksums in it and in records.
const (
	indexMagic   = 11
	indexVersion = 4
	hashSize     = highwayhash.Size64
)

// An index is the content of index.db.
type index struct {
	msgs, bytes         uint64
	first, last         uint64 // sequences
	firstTime, lastTime int64  // ns of Unix
	subjects            int
	table               []byte // the subjects, encoded
	blocks              []block
	checksum            [hashSize]byte // of the newest record, which is in the last block
}

// A block is a file of records, all of which live from its first to its last.
type block struct {
	number              uint64 // in the file's name
	bytes               uint64 // of the records that live
	first, last         uint64
	firstTime, lastTime int64
}

// newHash is the checksum of a stream's index or, by its number, of one block.
func newHash(key string) (hash.Hash64, error) {
	sum := sha256.Sum256([]byte(key))
	return highwayhash.New64(sum[:])
}

// decode reads an index of the stream and checks that it is whole and that of a
// plain log.
func decode(stream string, buf []byte) (*index, error) {
	h, err := newHash(stream)
	if err != nil {
		return nil, err
	}
	if len(buf) < 2+hashSize || buf[0] != indexMagic || buf[1] != indexVersion {
		return nil, fmt.Errorf("%w: its index is of another version", ErrUnfit)
	}
	end := len(buf) - hashSize
	h.Write(buf[:end])
	if !bytes.Equal(h.Sum(nil), buf[end:]) {
		return nil, fmt.Errorf("%w: its index is damaged", ErrUnfit)
	}
	r := &reader{buf: buf[2:end]}
	x := &index{
		msgs: r.uint(), bytes: r.uint(), first: r.uint(), firstTime: r.int(), last: r.uint(), lastTime: r.int(),
		subjects: int(r.uint()),
	}
	table := r.buf
	for range x.subjects {
		if r.subject(); r.bad {
			break
		}
	}
	x.table = table[:len(table)-len(r.buf)]
	for range r.uint() {
		if x.blocks = append(x.blocks, r.block(x.firstTime)); r.bad {
			break
		}
	}
	n := len(x.blocks)
	newest := r.uint()
	if copy(x.checksum[:], r.buf) < hashSize || r.bad || n == 0 || x.blocks[n-1].number != newest {
		return nil, fmt.Errorf("%w: its index is not as expected", ErrUnfit)
	}
	return x, nil
}

// A reader takes an index apart. After an error everything is zero.
type reader struct {
	buf []byte
	bad bool
}

func (r *reader) uint() uint64 {
	v, n := binary.Uvarint(r.buf)
	if n <= 0 {
		r.buf, r.bad = nil, true
		return 0
	}
	r.buf = r.buf[n:]
	return v
}

func (r *reader) int() int64 {
	v, n := binary.Varint(r.buf)
	if n <= 0 {
		r.buf, r.bad = nil, true
		return 0
	}
	r.buf = r.buf[n:]
	return v
}

// subject reads one with its number of records, and its first and last block.
func (r *reader) subject() (name []byte, n count) {
	size := r.uint()
	if size == 0 || size > uint64(len(r.buf)) {
		r.buf, r.bad = nil, true
		return nil, n
	}
	name, r.buf = r.buf[:size], r.buf[size:]
	return name, count{r.uint(), r.uint(), r.uint()}
}

// block reads one. Of a plain log none has deleted records, and none with a time to
// live or a schedule.
func (r *reader) block(base int64) block {
	b := block{
		number: r.uint(), bytes: r.uint(), first: r.uint(), firstTime: r.int() + base, last: r.uint(), lastTime: r.int() + base,
	}
	deleted, ttls, schedules := r.uint(), r.uint(), r.uint()
	if deleted|ttls|schedules != 0 {
		r.buf, r.bad = nil, true
	}
	return b
}

// A count is what the index knows of a subject.
type count struct{ total, first, last uint64 } // records, and the numbers of blocks

func (n count) append(b []byte, name []byte) []byte {
	b = append(binary.AppendUvarint(b, uint64(len(name))), name...)
	b = binary.AppendUvarint(b, n.total)
	b = binary.AppendUvarint(b, n.first)
	return binary.AppendUvarint(b, n.last)
}

// encode writes the index as the server does.
func (x *index) encode(stream string) ([]byte, error) {
	h, err := newHash(stream)
	if err != nil {
		return nil, err
	}
	b := make([]byte, 0, len(x.table)+1<<10+len(x.blocks)*10*binary.MaxVarintLen64)
	b = append(b, indexMagic, indexVersion)
	b = binary.AppendUvarint(b, x.msgs)
	b = binary.AppendUvarint(b, x.bytes)
	b = binary.AppendUvarint(b, x.first)
	b = binary.AppendVarint(b, x.firstTime)
	b = binary.AppendUvarint(b, x.last)
	b = binary.AppendVarint(b, x.lastTime)
	b = binary.AppendUvarint(b, uint64(x.subjects))
	b = append(b, x.table...)
	b = binary.AppendUvarint(b, uint64(len(x.blocks)))
	for i := range x.blocks {
		b = x.blocks[i].append(b, x.firstTime)
	}
	b = binary.AppendUvarint(b, x.blocks[len(x.blocks)-1].number)
	b = append(b, x.checksum[:]...)
	h.Write(b)
	return h.Sum(b), nil
}

func (b *block) append(to []byte, base int64) []byte {
	to = binary.AppendUvarint(to, b.number)
	to = binary.AppendUvarint(to, b.bytes)
	to = binary.AppendUvarint(to, b.first)
	to = binary.AppendVarint(to, b.firstTime-base)
	to = binary.AppendUvarint(to, b.last)
	to = binary.AppendVarint(to, b.lastTime-base)
	return append(to, 0, 0, 0) // no deleted records, none with a time to live or a schedule
}
