package archive

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/klauspost/compress/s2"
)

// A Reader reads an archive. It is used by one goroutine.
type Reader struct {
	r    *bufio.Reader
	body []byte // of the newest entry, used again
	name []byte // likewise
}

// NewReader reads the beginning of an archive. It fails with ErrForm.
func NewReader(r io.Reader) (*Reader, State, error) {
	a := &Reader{r: bufio.NewReaderSize(s2.NewReader(r), 64<<10)}
	var state State
	begin := make([]byte, len(magic))
	if _, err := io.ReadFull(a.r, begin); err != nil || string(begin) != magic {
		return nil, state, fmt.Errorf("%w: %w", ErrForm, cause(err))
	}
	m, err := a.next()
	if err != nil {
		return nil, state, err
	}
	if m.Subject != stateName {
		return nil, state, fmt.Errorf("%w: it does not begin with the stream's state", ErrForm)
	}
	if err := json.Unmarshal(m.Data, &state); err != nil {
		return nil, state, fmt.Errorf("%w: the stream's state: %w", ErrForm, err)
	}
	return a, state.normal(), nil
}

// cause is an error, or that there is none but for the part that was read.
func cause(err error) error {
	if err == nil {
		return errors.New("it begins with something else")
	}
	return err
}

// All gives the messages, in the order of their sequences. An error is the last; it
// is ErrTruncated if the archive's end is missing.
func (a *Reader) All() iter.Seq2[*Message, error] {
	return func(yield func(*Message, error) bool) {
		last := uint64(0)
		for {
			m, err := a.next()
			switch {
			case err != nil:
				yield(nil, err)
				return
			case m.Seq == 0 && m.Subject == "" && len(a.body) == 0:
				return
			case m.Seq <= last:
				yield(nil, fmt.Errorf("%w: message %d after %d", ErrForm, m.Seq, last))
				return
			}
			last = m.Seq
			if !yield(m, nil) {
				return
			}
		}
	}
}

// next reads an entry: the lengths of its name and its two parts, its time and its
// sequence, and then those three.
func (a *Reader) next() (*Message, error) {
	var m Message
	name, err := binary.ReadUvarint(a.r)
	if err == nil {
		m.At, err = binary.ReadVarint(a.r)
	}
	var lengths [2]uint64
	for _, n := range []*uint64{&m.Seq, &lengths[0], &lengths[1]} {
		if err == nil {
			*n, err = binary.ReadUvarint(a.r)
		}
	}
	if err != nil {
		return nil, truncated(err)
	}
	if name > maxName || !believable(lengths[0], lengths[1]) {
		return nil, fmt.Errorf("%w: an entry of %d and %d bytes", ErrForm, lengths[0], lengths[1])
	}
	a.name, a.body = sized(a.name, name), sized(a.body, lengths[0]+lengths[1])
	for _, part := range [][]byte{a.name, a.body} {
		if _, err := io.ReadFull(a.r, part); err != nil {
			return nil, truncated(err)
		}
	}
	m.Subject = string(a.name)
	m.Header, m.Data = a.body[:lengths[0]], a.body[lengths[0]:]
	return &m, nil
}

// sized is b with n bytes, of any content.
func sized(b []byte, n uint64) []byte {
	if uint64(cap(b)) < n {
		return make([]byte, n)
	}
	return b[:n]
}

func truncated(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return ErrTruncated
	}
	return fmt.Errorf("read the archive: %w", err)
}
