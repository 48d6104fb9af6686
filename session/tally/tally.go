package tally

import (
	"slices"
	"sync/atomic"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/events/measure"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/auth"
)

// An Outcome is how the wait of a detached session ended.
type Outcome uint8

// The outcomes.
const (
	Resumed Outcome = iota // its client came back
	Expired                // nobody came in time
	Lost                   // its connector was lost or stopped
	Ended                  // for another reason: it was kicked or replaced, say
	outcomes
)

// String is the outcome as a label has it.
func (o Outcome) String() string {
	return [...]string{"resumed", "expired", "lost", "ended"}[o]
}

// other counts what is none of a known set.
const other = "other"

// A Tally is what one connector has written since its process began. Observe is one
// goroutine's; what it counts is for any.
type Tally struct {
	writer string

	kinds     [256]atomic.Uint64
	logins    []atomic.Uint64 // by mechanism, then by TLS
	ends      []atomic.Uint64 // by reason
	waits     [outcomes]atomic.Uint64
	Durations *measure.Histogram // of sessions that were closed, from login to end
	Waits     *measure.Histogram // of resumed sessions, from the loss of the connection
	Visible   *measure.Histogram // from the decision about an event to its fold, of those written here
}

var (
	mechanisms = append(auth.Mechanisms(), other)
	versions   = []string{"TLS 1.3", "TLS 1.2", "none", other}
	reasons    = append(events.Reasons(), other)
)

// New returns the tally of the connector of that name.
func New(writer string) *Tally {
	const hour, day = time.Hour, 24 * time.Hour
	return &Tally{
		writer: writer,
		logins: make([]atomic.Uint64, len(mechanisms)*len(versions)),
		ends:   make([]atomic.Uint64, len(reasons)),
		Durations: measure.NewHistogram(time.Second, 10*time.Second, time.Minute, 5*time.Minute, 15*time.Minute,
			hour, 4*hour, 12*hour, day, 3*day, 7*day),
		Waits: measure.NewHistogram(time.Second, 5*time.Second, 15*time.Second, 30*time.Second,
			time.Minute, 2*time.Minute, 5*time.Minute, 15*time.Minute),
		Visible: measure.NewHistogram(time.Millisecond/2, time.Millisecond, 2*time.Millisecond, 5*time.Millisecond, 10*time.Millisecond,
			25*time.Millisecond, 100*time.Millisecond, 500*time.Millisecond, 2*time.Second, 10*time.Second),
	}
}

// Observe counts a record of the log's live tail if it is this connector's to count.
// before and after are its account's.
func (t *Tally) Observe(before, after *session.Account, st *events.Stored) {
	was := before.Session(st.Session)
	own := st.Connector.Name == t.writer && st.Connector.Epoch != 0
	if !own && (st.Connector.Epoch != 0 || was == nil || was.Connector().Name != t.writer) {
		return
	}
	if own {
		t.Visible.Observe(time.Since(time.Unix(0, st.Time)))
	}
	t.kinds[st.Event.Kind()].Add(1)
	switch e := st.Event.(type) {
	case events.Authenticated:
		t.logins[index(mechanisms, e.Mechanism)*len(versions)+version(e.TLS)].Add(1)
	case events.Resumed:
		if was != nil && was.Detached() {
			t.waits[Resumed].Add(1)
			t.Waits.Observe(time.Duration(st.Time - was.DetachedSince()))
		}
	case events.Closed:
		t.ends[index(reasons, e.Reason)].Add(1)
		t.Durations.Observe(time.Unix(0, st.Time).Sub(st.Session.Began()))
		if was != nil && was.Detached() {
			t.waits[outcomeOf(e.Reason)].Add(1)
		}
	}
}

func outcomeOf(r events.Reason) Outcome {
	switch r {
	case events.ReasonTimeout:
		return Expired
	case events.ReasonConnectorLost, events.ReasonShutdown:
		return Lost
	}
	return Ended
}

// index is the place of v in a set, whose last one is what is not in it.
func index[T comparable](set []T, v T) int {
	if i := slices.Index(set, v); i >= 0 {
		return i
	}
	return len(set) - 1
}

func version(tls string) int {
	if tls == "" {
		tls = "none"
	}
	return index(versions, tls)
}
