package keyframe

import (
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// Interval is how many records there are at most from one place to the next, unless
// Apart says more; a power of two. It is small because answering about a moment reads up
// to as many.
const Interval = 1 << 14

// Apart is how many records there are at least from one place to the next within an hour,
// of so many live sessions: four to a session, up to 65,536 records, and one to a session
// beyond that. So encoding keyframes takes a microsecond a record where there are some
// thousand sessions, and never more than four.
func Apart(sessions int) events.Seq {
	return max(min(4*events.Seq(sessions), 1<<16), events.Seq(sessions))
}

// Places says after which records there is a keyframe. It is told of all records in
// their order and knows nothing else, so that every process that folds the log from
// its beginning, or from any keyframe on, finds the same places:
//
//   - the first record at or beyond a multiple of Interval, if since the place before as
//     many records have come as Apart says,
//   - the last record before another hour of the log's clock begins, if as many have come
//     as there are live sessions.
//
// So what keyframes take grows with the log, by some 60 bytes a record at most, and often
// by much less.
type Places struct {
	last events.Seq // the place before
	seq  events.Seq // the newest record
	at   int64
	id   events.EventID
}

// Begin makes a keyframe the place before: the fold goes on from it.
func (p *Places) Begin(h Head) { *p = Places{last: h.Seq, seq: h.Seq, at: h.At, id: h.ID} }

// Before reports whether the newest record was a place now that st has come, and is
// to be asked before that is applied.
func (p *Places) Before(st *events.Stored, sessions int) bool {
	return p.seq > p.last && hour(st.At) != hour(p.at) && p.far(events.Seq(sessions))
}

// After takes the record that was applied, and reports whether it is a place.
func (p *Places) After(st *events.Stored, sessions int) bool {
	p.seq, p.at, p.id = st.Seq, st.At, st.ID
	return p.seq/Interval > p.last/Interval && p.far(Apart(sessions))
}

func (p *Places) far(records events.Seq) bool { return p.seq-p.last >= records }

// Take makes the newest record a place and returns the head of its keyframe, but for
// what says which log it is of.
func (p *Places) Take() Head {
	p.last = p.seq
	return Head{Seq: p.seq, At: p.at, ID: p.id}
}

func hour(at int64) int64 { return at / int64(time.Hour) }
