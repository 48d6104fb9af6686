package index

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// The form of a record: its whole length and, in the length's highest bit, whether
// it has headers; its sequence, time and length of subject; the subject, the length
// of the headers if there are any, headers, data; and a checksum.
const (
	headSize   = 22
	headersBit = 1 << 31
	marked     = 1 << 62 // sequences from here on mark what is deleted
	maxRecord  = 32 << 20
)

// A record is one in a block's file.
type record struct {
	seq      uint64
	time     int64
	subject  []byte
	size     int
	checksum []byte
}

// errTorn: the rest of the file is no record.
var errTorn = errors.New("a record is damaged")

// scan gives the records of a block to each in their order. It returns the length
// up to which there are whole records, with errTorn if there is more. A record is
// valid until each returns.
func scan(buf []byte, stream string, number uint64, each func(*record) error) (whole int64, err error) {
	h, err := newHash(fmt.Sprintf("%s-%d", stream, number))
	if err != nil {
		return 0, err
	}
	var (
		sum [hashSize]byte
		r   record
	)
	for at := 0; at < len(buf); {
		head := buf[at:]
		if len(head) < headSize {
			return int64(at), errTorn
		}
		length := binary.LittleEndian.Uint32(head)
		size, subject := int(length&^headersBit), int(binary.LittleEndian.Uint16(head[20:]))
		data := headSize + subject
		if length&headersBit != 0 {
			data += 4
		}
		if size > maxRecord || size > len(head) || data > size-hashSize {
			return int64(at), errTorn
		}
		r = record{
			seq: binary.LittleEndian.Uint64(head[4:]), time: int64(binary.LittleEndian.Uint64(head[12:])),
			subject: head[headSize : headSize+subject], size: size, checksum: head[size-hashSize : size],
		}
		h.Reset()
		h.Write(head[4:20])
		h.Write(r.subject)
		h.Write(head[data : size-hashSize])
		if !bytes.Equal(h.Sum(sum[:0]), r.checksum) {
			return int64(at), errTorn
		}
		if err := each(&r); err != nil {
			return int64(at), err
		}
		at += size
	}
	return int64(len(buf)), nil
}

func blockFile(dir string, number uint64) string {
	return filepath.Join(dir, fmt.Sprintf("%d.blk", number))
}

// readBlock reads a block's file into buf, or a larger one.
func readBlock(dir string, number uint64, buf []byte) ([]byte, error) {
	f, err := os.Open(blockFile(dir, number))
	if err != nil {
		return buf, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return buf, err
	}
	buf = slices.Grow(buf[:0], int(info.Size()))[:info.Size()]
	_, err = io.ReadFull(f, buf)
	return buf, err
}
