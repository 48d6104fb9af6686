package bustest

import (
	"context"
	"fmt"
	"iter"
	"sort"
	"sync"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// Stream is the name of a memory log's positions.
const Stream = "MEM"

// Log is an events.Log in memory. It is safe for concurrent use.
type Log struct {
	mu      sync.Mutex
	created time.Time               // owned by mu, as is all that follows
	entries []entry                 // entries[i] has the sequence i+1
	age     time.Duration           // after which records go; 0: never
	limit   uint64                  // of bytes; 0: none
	gone    int                     // how many have gone
	account map[events.JID][]uint64 // sequences, ascending
	grown   chan struct{}           // closed and replaced when something changes
	faults  faults
	late    []*events.Record // their writers gave up; they may yet arrive
}

type entry struct {
	at   int64
	data []byte
}

var _ events.Log = (*Log)(nil)

// NewLog returns an empty log without faults.
func NewLog() *Log {
	return &Log{created: time.Now(), account: make(map[events.JID][]uint64), grown: make(chan struct{})}
}

// Append implements events.Log.
func (l *Log) Append(ctx context.Context, r *events.Record) (events.Position, error) {
	if err := ctx.Err(); err != nil {
		return events.Position{}, fmt.Errorf("%w: %w", events.ErrUnavailable, err)
	}
	if n := len(r.Append(nil)); n > events.MaxRecord {
		return events.Position{}, fmt.Errorf("%w (%d bytes)", events.ErrTooLarge, n)
	}
	l.delay(ctx)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.arriveLate()
	seq, err := l.appendWithFaults(r)
	return events.Position{Stream: Stream, Seq: seq}, err
}

// store is the compare-and-set.
func (l *Log) store(r *events.Record) (events.Seq, error) {
	account := r.Account()
	if last := l.lastOf(account); last != r.Prev {
		return 0, fmt.Errorf("%w (its sequence is %d)", events.ErrConflict, last)
	}
	data := r.Append(nil)
	if l.limit > 0 && l.bytes()+uint64(len(data)) > l.limit {
		return 0, events.ErrFull
	}
	return l.add(account.Clone(), data), nil
}

// Limit limits the size of the log, as a stream's max_bytes does: whatever has no
// room is refused. 0 means no limit.
func (l *Log) Limit(bytes uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.limit = bytes
}

// bytes is the size of the records that are left.
func (l *Log) bytes() (sum uint64) {
	l.forget()
	for _, e := range l.entries[l.gone:] {
		sum += uint64(len(e.data))
	}
	return sum
}

func (l *Log) add(account events.JID, data []byte) events.Seq {
	at := time.Now().UnixNano()
	if n := len(l.entries); n > 0 {
		at = max(at, l.entries[n-1].at) // as a stream's times, never back
	}
	l.entries = append(l.entries, entry{at, data})
	seq := uint64(len(l.entries))
	l.account[account] = append(l.account[account], seq)
	l.wake()
	return events.Seq(seq)
}

// Retain limits the age of records, as a stream's max_age does: older ones are
// gone, and an account of which nothing is left has the last sequence 0. At 0
// those that are left are kept for ever.
func (l *Log) Retain(age time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forget()
	l.age = age
	l.forget()
}

// forget lets go of records that are too old by now. Every look at the entries
// begins with it.
func (l *Log) forget() {
	now := time.Now().UnixNano()
	for l.age > 0 && l.gone < len(l.entries) && now-l.entries[l.gone].at >= int64(l.age) {
		l.entries[l.gone].data = nil
		l.gone++
	}
}

// left are the account's sequences that are not gone.
func (l *Log) left(account events.JID) []uint64 {
	l.forget()
	seqs := l.account[account]
	return seqs[sort.Search(len(seqs), func(i int) bool { return seqs[i] > uint64(l.gone) }):]
}

func (l *Log) wake() {
	close(l.grown)
	l.grown = make(chan struct{})
}

func (l *Log) lastOf(account events.JID) events.Seq {
	seqs := l.left(account)
	if len(seqs) == 0 {
		return 0
	}
	return events.Seq(seqs[len(seqs)-1])
}

// Poison adds a record that can't be decoded to an account's history.
func (l *Log) Poison(account events.JID, data []byte) events.Seq {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.add(account.Bare().Clone(), data)
}

// Rewind forgets everything after the sequence, as a server that lost its
// disk's cache in a power failure does.
func (l *Log) Rewind(last events.Seq) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries = l.entries[:min(int(last), len(l.entries))]
	l.gone = min(l.gone, len(l.entries))
	for account, seqs := range l.account {
		n := sort.Search(len(seqs), func(i int) bool { return seqs[i] > uint64(last) })
		l.account[account] = seqs[:n]
	}
	l.wake()
}

// get decodes the record at a sequence. If it is poison, only its place and time
// are known.
func (l *Log) get(seq events.Seq) (events.Stored, error) {
	e := l.entries[seq-1]
	s := events.Stored{Seq: seq, At: e.at}
	if err := s.Decode(e.data); err != nil {
		return events.Stored{Seq: seq, At: e.at}, &events.PoisonError{Seq: seq, At: e.at, Data: e.data, Err: err}
	}
	return s, nil
}

// Next implements events.Log.
func (l *Log) Next(ctx context.Context, account events.JID, after events.Seq) (events.Stored, error) {
	return l.look(ctx, account, func(seqs []uint64) int {
		return sort.Search(len(seqs), func(i int) bool { return seqs[i] > uint64(after) })
	})
}

// Last implements events.Log.
func (l *Log) Last(ctx context.Context, account events.JID) (events.Stored, error) {
	return l.look(ctx, account, func(seqs []uint64) int { return max(len(seqs)-1, 0) })
}

func (l *Log) look(ctx context.Context, account events.JID, which func([]uint64) int) (events.Stored, error) {
	l.delay(ctx)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.arriveLate()
	if err := l.readFault(ctx); err != nil {
		return events.Stored{}, err
	}
	seqs := l.left(account.Bare())
	i := which(seqs)
	if i >= len(seqs) {
		return events.Stored{}, events.ErrNotFound
	}
	return l.get(events.Seq(seqs[i]))
}

// Info implements events.Log.
func (l *Log) Info(ctx context.Context) (events.Info, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.readFault(ctx); err != nil {
		return events.Info{}, err
	}
	info := events.Info{
		Stream: Stream, Created: l.created, Bytes: l.bytes(), MaxBytes: l.limit, MaxAge: l.age,
		First: events.Seq(l.gone + 1), Last: events.Seq(len(l.entries)), Records: uint64(len(l.entries) - l.gone),
		Now: time.Now(),
	}
	if left := l.entries[l.gone:]; len(left) > 0 {
		info.FirstAt, info.LastAt = time.Unix(0, left[0].at), time.Unix(0, left[len(left)-1].at)
	}
	return info, nil
}

// FirstSince is the first record that was stored at or after t, or events.ErrNotFound.
func (l *Log) FirstSince(_ context.Context, t time.Time) (events.Seq, time.Time, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forget()
	left := l.entries[l.gone:]
	i := sort.Search(len(left), func(i int) bool { return left[i].at >= t.UnixNano() })
	if i == len(left) {
		return 0, time.Time{}, events.ErrNotFound
	}
	return events.Seq(l.gone + i + 1), time.Unix(0, left[i].at), nil
}

// Read implements events.Log.
func (l *Log) Read(ctx context.Context, r events.Range) iter.Seq2[*events.Stored, error] {
	return func(yield func(*events.Stored, error) bool) {
		info, err := l.Info(ctx)
		if err != nil {
			yield(nil, err)
			return
		}
		end := info.Last
		if r.To > 0 {
			end = min(end, r.To)
		}
		for seq := max(r.After+1, info.First); seq <= end; seq++ {
			s, err := l.at(ctx, seq)
			switch {
			case err == errBeyond:
				return
			case err == errForgotten:
				continue
			case !r.Until.IsZero() && s.At >= r.Until.UnixNano():
				return
			case !r.Since.IsZero() && s.At < r.Since.UnixNano(), !l.belongs(seq, r.Account):
				continue
			}
			if !give(yield, &s, err) || err != nil && !events.IsPoison(err) {
				return
			}
		}
	}
}

// give yields either a record or an error.
func give(yield func(*events.Stored, error) bool, s *events.Stored, err error) bool {
	if err != nil {
		s = nil
	}
	return yield(s, err)
}

// belongs reports that the record is the account's, or that any is wanted.
func (l *Log) belongs(seq events.Seq, account events.JID) bool {
	if account.IsZero() {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	seqs := l.left(account.Bare())
	i := sort.Search(len(seqs), func(i int) bool { return seqs[i] >= uint64(seq) })
	return i < len(seqs) && seqs[i] == uint64(seq)
}

// Follow implements events.Log.
func (l *Log) Follow(ctx context.Context, after events.Seq) iter.Seq2[*events.Stored, error] {
	return func(yield func(*events.Stored, error) bool) {
		var s events.Stored
		reported, began := false, after > 0
		for seq := after + 1; ctx.Err() == nil; {
			l.mu.Lock()
			end, grown := events.Seq(len(l.entries)), l.grown
			l.mu.Unlock()
			if seq > end+1 {
				yield(nil, fmt.Errorf("%w: it ends at %d", events.ErrRewound, end))
				return
			}
			var err error
			if seq <= end {
				s, err = l.at(ctx, seq)
			}
			switch passing := err != nil && !events.IsPoison(err); {
			case err == errBeyond:
				continue
			case err == errForgotten && began:
				yield(nil, fmt.Errorf("%w: %d is forgotten", events.ErrRewound, seq))
				return
			case err == errForgotten:
				seq++
				continue
			case seq > end, passing && reported:
				select {
				case <-grown:
				case <-ctx.Done():
				}
				continue
			case passing:
				reported = true
			default:
				reported, began = false, true
				seq++
			}
			if !give(yield, &s, err) {
				return
			}
		}
	}
}
