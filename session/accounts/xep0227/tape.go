package xep0227

import (
	"bufio"
	"errors"
	"io"
)

// errTooLong: between two marks there is more than may be.
var errTooLong = errors.New("a piece of text or a tag is longer than an account may be")

// A tape is the input of the tokenizer that remembers the bytes since a mark, so that an
// element can be cut out as it was written.
type tape struct {
	in    *bufio.Reader
	kept  []byte
	begin int64 // offset of kept in the input
	max   int   // how much may be kept
}

func newTape(in io.Reader, max int) *tape {
	return &tape{in: bufio.NewReaderSize(in, 64<<10), max: max}
}

// ReadByte implements io.ByteReader, which keeps the tokenizer from reading ahead.
func (t *tape) ReadByte() (byte, error) {
	c, err := t.in.ReadByte()
	if err != nil {
		return 0, err
	}
	if len(t.kept) == t.max {
		return 0, errTooLong
	}
	t.kept = append(t.kept, c)
	return c, nil
}

// Read is there because the tokenizer asks for an io.Reader; it takes ReadByte.
func (t *tape) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	c, err := t.ReadByte()
	if err != nil {
		return 0, err
	}
	p[0] = c
	return 1, nil
}

// mark forgets what is before an offset. Large memory is given back.
func (t *tape) mark(offset int64) {
	rest := t.kept[offset-t.begin:]
	if cap(t.kept) > 1<<20 {
		t.kept = append([]byte(nil), rest...)
	} else {
		t.kept = append(t.kept[:0], rest...)
	}
	t.begin = offset
}

// since is what was read from the mark up to an offset. It is valid until the next read.
func (t *tape) since(offset int64) []byte { return t.kept[:offset-t.begin] }
