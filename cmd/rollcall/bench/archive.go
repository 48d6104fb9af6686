package bench

import (
	"encoding/binary"
	"encoding/json"
	"io"

	"github.com/klauspost/compress/s2"
)

// An archive writes what the server restores a stream from (STREAM.RESTORE, its
// second format): a state, then each message with its sequence and time, then an
// entry of zeros. It is the one way to give messages a time of the past.
type archive struct {
	s2  *s2.Writer
	buf []byte
}

// archiveState is the part of a stream's state that an archive begins with.
type archiveState struct {
	Messages uint64 `json:"messages"`
	First    uint64 `json:"first_seq"`
	Last     uint64 `json:"last_seq"`
}

// newArchive begins an archive of the messages 1 to n.
func newArchive(w io.Writer, n int) (*archive, error) {
	state, err := json.Marshal(archiveState{Messages: uint64(n), First: 1, Last: uint64(n)})
	if err != nil {
		return nil, err
	}
	// On one machine compressing costs more than it saves.
	a := &archive{s2: s2.NewWriter(w, s2.WriterUncompressed(), s2.WriterBlockSize(chunkSize/2))}
	if _, err := io.WriteString(a.s2, "NATSARC1"); err != nil {
		return nil, err
	}
	return a, a.entry("state.json", 0, 0, state)
}

// entry writes one message without headers.
func (a *archive) entry(name string, at int64, seq uint64, data []byte) error {
	a.buf = binary.AppendUvarint(a.buf[:0], uint64(len(name)))
	a.buf = binary.AppendVarint(a.buf, at)
	a.buf = binary.AppendUvarint(a.buf, seq)
	a.buf = binary.AppendUvarint(a.buf, 0) // size of its headers
	a.buf = binary.AppendUvarint(a.buf, uint64(len(data)))
	a.buf = append(append(a.buf, name...), data...)
	_, err := a.s2.Write(a.buf)
	return err
}

// close ends the archive: without that the server takes it for truncated.
func (a *archive) close() error {
	if err := a.entry("", 0, 0, nil); err != nil {
		return err
	}
	return a.s2.Close()
}
