package archive

import (
	"encoding/binary"
	"io"

	"github.com/klauspost/compress/s2"
)

// A Writer writes an archive. It is used by one goroutine.
type Writer struct {
	w    *s2.Writer
	head []byte // of the newest entry, used again
}

// NewWriter begins an archive of a stream that is to have the state.
func NewWriter(w io.Writer, state State) (*Writer, error) {
	a := &Writer{w: s2.NewWriter(w, s2.WriterConcurrency(1))}
	if _, err := io.WriteString(a.w, magic); err != nil {
		return nil, err
	}
	return a, a.entry(stateName, 0, 0, nil, state.encode())
}

// Write adds a message. Sequences must rise.
func (a *Writer) Write(m *Message) error {
	return a.entry(m.Subject, m.Seq, m.At, m.Header, m.Data)
}

// Close ends the archive, which is not whole before. It does not close what the
// archive is written to.
func (a *Writer) Close() error {
	if err := a.entry("", 0, 0, nil, nil); err != nil {
		return err
	}
	return a.w.Close()
}

func (a *Writer) entry(name string, seq uint64, at int64, header, data []byte) error {
	h := binary.AppendUvarint(a.head[:0], uint64(len(name)))
	h = binary.AppendVarint(h, at)
	for _, n := range []uint64{seq, uint64(len(header)), uint64(len(data))} {
		h = binary.AppendUvarint(h, n)
	}
	a.head = append(h, name...)
	for _, part := range [][]byte{a.head, header, data} {
		if _, err := a.w.Write(part); err != nil {
			return err
		}
	}
	return nil
}
