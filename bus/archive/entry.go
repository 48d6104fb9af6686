package archive

import (
	"encoding/json"
	"errors"
	"math"
)

// Errors of a Reader.
var (
	// ErrForm: not an archive, or one of another version of the server.
	ErrForm = errors.New("not an archive of NATS 2.15 or newer")
	// ErrTruncated: the archive's end is missing.
	ErrTruncated = errors.New("the archive's end is missing")
)

const (
	magic     = "NATSARC1"
	stateName = "state.json"
	// maxName and maxMessage bound what is read into memory: the server takes no
	// longer subjects, nor, with a max_payload of at most 64 MiB, larger messages.
	maxName    = 1 << 20
	maxMessage = 64 << 20
)

// State is the part of a stream's state that making a stream depends on: its
// sequences, and the room that it needs.
type State struct {
	Messages uint64 `json:"messages"`
	Bytes    uint64 `json:"bytes"`
	First    uint64 `json:"first_seq"`
	Last     uint64 `json:"last_seq"` // no message needs to be there
}

// normal is the state as the server takes it: of a stream that never had a message
// it would not know where the first one belongs.
func (s State) normal() State {
	s.First = max(s.First, 1)
	return s
}

func (s State) encode() []byte {
	text, err := json.Marshal(s.normal())
	if err != nil {
		panic(err) // numbers always can
	}
	return text
}

// A Message is one of a stream. Its slices are valid until the next one is read.
type Message struct {
	Subject string
	Seq     uint64
	At      int64  // Unix nanoseconds at which it was stored
	Header  []byte // as on the wire; nil for none
	Data    []byte
}

// believable reports whether a message's two lengths may be believed.
func believable(header, data uint64) bool {
	return header <= maxMessage && data <= maxMessage && header+data <= math.MaxInt32
}
