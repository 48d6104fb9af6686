package events

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"
)

// Errors of a Log that callers branch on.
var (
	// ErrConflict: the account has a newer record than Prev, or may have: the
	// record was not stored by this attempt, but an earlier attempt with the
	// same ID may have been. Look with Next.
	ErrConflict = errors.New("the account's history has moved on")
	// ErrUnresolved: whether the record was stored is not known. The only
	// thing to do is to look with Next, and to append the same record, with
	// the same ID and Prev, again.
	ErrUnresolved = errors.New("the log did not answer; the event may or may not be stored")
	// ErrUnavailable: the log can't be reached; nothing was stored.
	ErrUnavailable = errors.New("the log can't be reached")
	// ErrDisk comes with ErrUnavailable if waiting is of no use: the disk failed at a
	// sync, and nobody can tell what it has before the server is started again.
	ErrDisk = errors.New("the disk failed, and nothing is stored until the server is started again")
	// ErrFull: the log refuses records because it has reached its limit of
	// size. Nothing was stored.
	ErrFull = errors.New("the log is full; raise its limit or shorten its retention")
	// ErrTooLarge: the record exceeds MaxRecord. Nothing was stored.
	ErrTooLarge = errors.New("the record is too large")
	// ErrRewound: the log is not the one that was read before, or it ends before
	// the place that was reached, or has forgotten what came after it while it was
	// out of reach. The state that was folded from it is not its own; fold it
	// anew.
	ErrRewound = errors.New("the log is not the one that was read before")
	// ErrNotFound: there is no such record.
	ErrNotFound = errors.New("no such record")
)

// A Log keeps the records of all accounts in one order for ever, or for as
// long as its retention says. All methods are safe for concurrent use.
//
// What is serialized: the records of one account. Append is a compare-and-set
// on the account's last sequence, and that is the only lock there is: two
// writers that decide on the same history can't both succeed, whichever
// machines they are on.
//
// What is durable: a record whose Append returned nil survives the death of
// any writer and of the log's own process.
//
// Who retries: the caller. A Log makes one attempt and tells three things
// apart, stored, not stored and unknown; see session.Service for the loop.
type Log interface {
	// Append stores r if r.Prev is the sequence of its account's newest record
	// (0: it has none), and returns the new record's position. Errors wrap
	// ErrConflict, ErrUnresolved, ErrUnavailable, ErrFull or ErrTooLarge. After
	// ctx has ended nothing is stored, and the error is ErrUnavailable.
	Append(ctx context.Context, r *Record) (Position, error)

	// Next returns the account's first record after the sequence, read where it
	// can't be stale, or ErrNotFound. After a conflict or an unknown outcome it
	// decides: the record after Prev is either this one or another's.
	Next(ctx context.Context, account JID, after Seq) (Stored, error)

	// Last returns the account's newest record, read where it can't be stale,
	// or ErrNotFound.
	Last(ctx context.Context, account JID) (Stored, error)

	// Read gives the records of r in their order and ends with the newest one
	// that was there when it was called. A record that can't be decoded comes
	// as a *PoisonError, and Read goes on; any other error is the last.
	Read(ctx context.Context, r Range) iter.Seq2[*Stored, error]

	// Follow gives every record after the sequence and then those to come,
	// until ctx ends. It resumes after every interruption without a gap and
	// without a repetition. Errors are as in Read, but it goes on after those
	// that may pass. The *Stored is valid until the next one is asked for;
	// the strings it refers to stay.
	Follow(ctx context.Context, after Seq) iter.Seq2[*Stored, error]

	// Info describes the log at this moment.
	Info(ctx context.Context) (Info, error)
}

// A Range selects records. The zero Range selects all.
type Range struct {
	Account JID       // only this account's, if not zero
	After   Seq       // sequences greater than this
	To      Seq       // up to and including this one; 0: no limit
	Since   time.Time // stored at or after this; zero: no limit
	Until   time.Time // stored before this; zero: no limit
}

// Info describes a log.
type Info struct {
	Stream  string    // its name in positions
	Created time.Time // tells it from another of the same name
	First   Seq       // oldest sequence still there
	Last    Seq       // newest sequence ever used
	FirstAt time.Time // when the record at First was stored; zero if there are no records
	LastAt  time.Time // when that at Last was
	Now     time.Time // by the clock that records are stored with
	Records uint64
	Bytes   uint64
	// MaxBytes is the size at which it refuses records, with ErrFull; 0: none.
	MaxBytes uint64
	MaxAge   time.Duration // 0: kept for ever
}

// A PoisonError is a record that can't be decoded, or that is not among its
// account's. It is counted, shown and passed over, the same way by every reader.
type PoisonError struct {
	Stream string // as in Stored, as are the next three
	Seq    Seq
	Part   uint32
	At     int64  // 0 if it is not known
	Data   []byte // the record, nil if it can't be read; not to be changed
	Err    error  // what Decode said; wraps ErrUndecodable
}

// Error names the record.
func (e *PoisonError) Error() string { return fmt.Sprintf("record %d: %v", e.Seq, e.Err) }

// Unwrap returns what is wrong with the record.
func (e *PoisonError) Unwrap() error { return e.Err }
