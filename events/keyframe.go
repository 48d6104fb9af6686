package events

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ErrDamaged: what is kept is not what was stored.
var ErrDamaged = errors.New("it is damaged")

// MaxKeyframe is the greatest size of a keyframe's data in bytes: some ten million
// sessions. No more is read into memory, whatever a store says.
const MaxKeyframe = 1 << 30

// KeyframePeek is how much of a keyframe Keyframes.Peek returns, in bytes.
const KeyframePeek = 128 << 10

// A Keyframe names a stored table of all sessions: the one after the record at Seq.
// Its content is a function of the log up to there, so that a name means the same
// to everybody and a keyframe, once it is there, never changes.
type Keyframe struct {
	Format  int   // of its data
	Created int64 // Unix nanoseconds at which the log was made; tells it from another log of the same name
	Seq     Seq
	At      int64 // Unix nanoseconds at which the log stored that record
}

// StoredAt is At as a time.
func (k Keyframe) StoredAt() time.Time { return time.Unix(0, k.At) }

// String gives the keyframe for people, in words that continue a sentence.
func (k Keyframe) String() string {
	return fmt.Sprintf("the keyframe after record %d, of %s", k.Seq, k.StoredAt().UTC().Format(time.DateTime))
}

// Keyframes is a store of keyframes. All methods are safe for concurrent use. Errors
// wrap those of a Log.
type Keyframes interface {
	// List gives the names of all that there are, of every log and format, oldest
	// record first.
	List(ctx context.Context) ([]Keyframe, error)
	// Read returns what Create was given. It fails with ErrNotFound, or with
	// ErrDamaged if that is not what is there.
	Read(ctx context.Context, k Keyframe) ([]byte, error)
	// Peek returns the beginning of the data that Read returns, KeyframePeek bytes or
	// more if there are as many, without reading the rest.
	Peek(ctx context.Context, k Keyframe) ([]byte, error)
	// Create stores data, at most MaxKeyframe bytes, under a name that is free;
	// otherwise it fails with ErrConflict. Nobody sees a part of it: if it fails, or
	// its process is killed, there is nothing of that name.
	Create(ctx context.Context, k Keyframe, data []byte) error
	// Remove removes what has the name, if anything.
	Remove(ctx context.Context, k Keyframe) error
	// Claim makes the caller the only writer until it calls release, ctx ends, or some
	// seconds after it was killed or frozen. It fails with ErrConflict while somebody
	// else is. A writer that goes on after its claim has ended does no harm, for the
	// keyframe that it creates has a name.
	Claim(ctx context.Context) (release func(), err error)
}
