package stream

import (
	"slices"
	"sync/atomic"

	"github.com/rollcall-xmpp/rollcall/events"
)

// A Transport is how a connection came.
type Transport uint8

// The transports.
const (
	TCP  Transport = iota
	HTTP           // a WebSocket, or not one yet
	transports
)

// String is the transport as a label has it.
func (t Transport) String() string { return [...]string{"tcp", "ws"}[t] }

// A Limit is one that peers have met.
type Limit uint8

// The limits, each with the event at it.
const (
	LimitConnections Limit = iota // of all: refused
	LimitAddress                  // of an address: refused
	LimitUnbound                  // of those that have not logged in: the oldest was closed
	LimitUnread                   // of the data that all have not read: the stream was ended
	LimitBegun                    // of elements that are not complete, of all: the same
	LimitOutbox                   // of the data that one has not read: the same
	LimitRate                     // of the data that one may send: the same
	LimitBanned                   // an address that nobody may connect from: refused
	limits
)

// String is the limit as a label has it.
func (l Limit) String() string {
	return [...]string{"connections", "connections_of_address", "not_logged_in", "unread_of_all", "incomplete_of_all", "unread", "rate", "banned"}[l]
}

// stats count for operators. Nobody waits for anybody.
type stats struct {
	accepted, gone [transports]atomic.Uint64
	ends           []atomic.Uint64 // by reason; the last one is of those without
	limits         [limits]atomic.Uint64
}

func newStats() stats { return stats{ends: make([]atomic.Uint64, len(reasons)+1)} }

var reasons = events.Reasons()

// ended counts a connection that is gone. One of HTTP that became no WebSocket has no
// reason.
func (y *stats) ended(t Transport, e *Ending) {
	y.gone[t].Add(1)
	i := -1
	if e != nil {
		i = slices.Index(reasons, e.Reason)
	}
	if i < 0 {
		i = len(reasons)
	}
	y.ends[i].Add(1)
}

// Stats is what a Server has counted since it was made.
type Stats struct {
	Open, Accepted map[Transport]uint64
	// Ended is by reason; "" is of HTTP's connections that became no WebSocket.
	Ended  map[events.Reason]uint64
	Limits map[Limit]uint64
}

// Stats returns what was counted so far.
func (s *Server) Stats() Stats {
	y := Stats{
		Open: map[Transport]uint64{}, Accepted: map[Transport]uint64{},
		Ended: map[events.Reason]uint64{}, Limits: map[Limit]uint64{},
	}
	for t := range transports {
		gone := s.stats.gone[t].Load() // first: it can't be more than were accepted
		y.Accepted[t] = s.stats.accepted[t].Load()
		y.Open[t] = y.Accepted[t] - gone
	}
	for i := range s.stats.ends {
		var reason events.Reason
		if i < len(reasons) {
			reason = reasons[i]
		}
		y.Ended[reason] = s.stats.ends[i].Load()
	}
	for l := range limits {
		y.Limits[l] = s.stats.limits[l].Load()
	}
	return y
}
