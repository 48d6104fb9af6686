package session

import (
	"fmt"
	"math"
	"sync/atomic"

	"github.com/rollcall-xmpp/rollcall/events"
)

// The last part of a log that fills up is kept for the ends of sessions. Otherwise
// clients that go would stay in every table, and nobody could tell them from those
// that are there. Reserve says how large that part is. Logins are refused when only
// that is left, and whatever else is no end a little later: whoever has just logged in
// can still bind, and show presence.

const (
	// endRoom is what the ends of one session may take, in bytes: that it went,
	// was detached and was closed, each with the server's own overhead.
	endRoom = 1 << 10
	// leastReserve is for the records that are on their way when the mark is
	// reached, and for more sessions than were counted.
	leastReserve = 8 << 20
	// longestFarewell is how long a stanza may be with which a session becomes
	// unavailable, for its event to count as an end.
	longestFarewell = 512
	// leastRecord is what the smallest record takes.
	leastRecord = 200
)

// ErrReserved: the log takes nothing now but the ends of sessions. It wraps
// events.ErrFull.
var ErrReserved = fmt.Errorf("%w: what is left is kept for the ends of sessions", events.ErrFull)

// Reserve is how much of a log with a limit is kept for the ends of that many live
// sessions: 1 KiB each, and 8 MiB, or an eighth of a small log; three quarters of it at
// most. A quarter of the 8 MiB, or of that eighth, is for those that have just begun.
func Reserve(limit uint64, sessions int) uint64 {
	return min(base(limit)+uint64(max(sessions, 0))*endRoom, limit/4*3)
}

func base(limit uint64) uint64 { return min(leastReserve, limit/8) }

// A level is what is known of a log's size.
type level struct {
	mark   uint64     // the size from which on nothing begins
	last   uint64     // the size from which on there is room for ends only
	bytes  uint64     // its size when it was asked
	seq    events.Seq // its last sequence then
	record uint64     // mean size of a record
}

// levels is what a Service knows of it. An append is not held up by a question for
// the size: it adds to the last answer what the acknowledgements have told since,
// which count the records of all writers, and what this one's long stanzas take
// beyond the mean.
type levels struct {
	known   atomic.Pointer[level] // nil: nothing is known, or there is no limit
	seen    atomic.Uint64         // the newest sequence that was acknowledged
	beyond  atomic.Uint64         // bytes beyond the mean, of the records stored since the log was asked
	refused atomic.Uint64
}

// KeepReserve tells the Service how large its log is and how many sessions are live
// in all, of every connector. From then on commands fail with ErrReserved that would
// write anything but ends into the reserve. It returns how many bytes are left before
// logins are refused, 0 or less if none are. The caller repeats it every few seconds, and several
// times a second where little is left.
func (s *Service) KeepReserve(info events.Info, sessions int) (left int64) {
	if info.MaxBytes == 0 {
		s.levels.known.Store(nil)
		return math.MaxInt64
	}
	l := &level{
		mark:  info.MaxBytes - Reserve(info.MaxBytes, sessions),
		bytes: info.Bytes, seq: info.Last,
		record: max(leastRecord, info.Bytes/max(info.Records, 1)),
	}
	l.last = l.mark + base(info.MaxBytes)/4
	s.levels.beyond.Store(0)
	s.levels.known.Store(l)
	return int64(l.mark) - int64(s.levels.size(l))
}

// Refused is how many commands have failed with ErrReserved.
func (s *Service) Refused() uint64 { return s.levels.refused.Load() }

// size is the log's by all that is known.
func (v *levels) size(l *level) uint64 {
	size, seen := l.bytes+v.beyond.Load(), v.seen.Load()
	if seen > uint64(l.seq) {
		size += (seen - uint64(l.seq)) * l.record
	}
	return size
}

// stored takes note of an acknowledgement.
func (v *levels) stored(seq events.Seq, e events.Event) {
	if e, ok := e.(events.PresenceAvailable); ok { // a thousand times as long as others, maybe
		if l := v.known.Load(); l != nil && uint64(len(e.Stanza)) > l.record {
			v.beyond.Add(uint64(len(e.Stanza)) - l.record)
		}
	}
	for {
		seen := v.seen.Load()
		if uint64(seq) <= seen || v.seen.CompareAndSwap(seen, uint64(seq)) {
			return
		}
	}
}

// admit refuses what would be written into the reserve and is no end. All steps of a
// command are, or none: half of it would be worse.
func (v *levels) admit(steps []Step) error {
	l := v.known.Load()
	if l == nil {
		return nil
	}
	size := v.size(l)
	if size < l.mark {
		return nil
	}
	for _, step := range steps {
		if !isEnd(step.Event) && (size >= l.last || begins(step.Event)) {
			v.refused.Add(1)
			return ErrReserved
		}
	}
	return nil
}

// begins reports the first event of a session or of an account.
func begins(e events.Event) bool {
	k := e.Kind()
	return k == events.KindAuthenticated || k == events.KindAccountCreated
}

// isEnd reports an event after which less is true of a session than before, or one
// that is not about sessions of clients at all.
func isEnd(e events.Event) bool {
	switch e := e.(type) {
	case events.PresenceUnavailable:
		return len(e.Stanza) <= longestFarewell
	case events.PresenceDirected:
		return !e.Available
	case events.Authenticated, events.Bound, events.RosterRequested, events.PresenceAvailable,
		events.StreamManagementEnabled, events.Resumed, events.Refreshed, events.CarbonsEnabled,
		events.AccountCreated, events.PasswordChanged, events.AccountEnabled, events.RoleTaken, events.RoleChanged:
		return false
	}
	return true
}
