package c2s

import (
	"slices"
	"sync/atomic"
	"time"

	"github.com/rollcall-xmpp/rollcall/events/measure"
	"github.com/rollcall-xmpp/rollcall/session/auth"
	"github.com/rollcall-xmpp/rollcall/session/stream"
)

// A Limit is one that clients have met here; those of connections and bytes are package
// stream's.
type Limit uint8

// The limits, each with the event at it.
const (
	LimitLogins         Limit = iota // of an account: the login was refused
	LimitFailures                    // of passwords: the client was told nothing about its own
	LimitRegistrations               // of an address: the registration was refused
	LimitUnacknowledged              // of a session: it was ended
	LimitLog                         // of the log's size: the login was refused
	limits
)

// String is the limit as a label has it.
func (l Limit) String() string {
	return [...]string{"logins_of_account", "failures", "registrations_of_address", "unacknowledged", "log_full"}[l]
}

// otherMechanism stands for whatever clients name that does not exist.
const otherMechanism = "other"

var (
	mechanisms = append(auth.Mechanisms(), otherMechanism)
	conditions = auth.Conditions()
)

// stats count for operators. Nobody waits for anybody.
type stats struct {
	failures []atomic.Uint64 // by condition, then by mechanism
	logins   []*measure.Histogram
	limits   [limits]atomic.Uint64
	tooLate  atomic.Uint64 // resumptions that were refused
}

func newStats() stats {
	logins := make([]*measure.Histogram, len(mechanisms))
	for i := range logins {
		logins[i] = measure.NewHistogram(time.Millisecond, 5*time.Millisecond, 10*time.Millisecond, 25*time.Millisecond,
			50*time.Millisecond, 100*time.Millisecond, 250*time.Millisecond, time.Second, 5*time.Second, 30*time.Second)
	}
	return stats{failures: make([]atomic.Uint64, len(conditions)*len(mechanisms)), logins: logins}
}

func mechanismIndex(name string) int {
	if i := slices.Index(mechanisms, name); i >= 0 {
		return i
	}
	return len(mechanisms) - 1
}

// failed counts a failure that the client was told of. Every condition is a known one.
func (y *stats) failed(c auth.Condition, mechanism string) {
	if i := slices.Index(conditions, c); i >= 0 {
		y.failures[i*len(mechanisms)+mechanismIndex(mechanism)].Add(1)
	}
}

// loggedIn counts the time of a login that began then.
func (y *stats) loggedIn(mechanism string, begun time.Time) {
	y.logins[mechanismIndex(mechanism)].Observe(time.Since(begun))
}

// A Failure is a way in which an authentication failed. A mechanism that does not exist
// is "other".
type Failure struct {
	Condition auth.Condition
	Mechanism string
}

// Stats is what a Server has counted since it was made.
type Stats struct {
	stream.Stats
	AuthFailures map[Failure]uint64 // those that have happened
	// LoginTimes are by mechanism: from the first element of the exchange, answers of
	// the client included, to the moment when the log has the login.
	LoginTimes     map[string]measure.Reading
	RosterPushes   uint64
	RefusedResumes uint64 // of sessions that were not there, or no longer
	OwnLimits      map[Limit]uint64
	Bans           int // that have not ended
	// Databases are those of domains whose users come from elsewhere: false if the last
	// login that asked one got no answer.
	Databases map[string]bool
}

// Stats returns what was counted so far.
func (s *Server) Stats() Stats {
	y := Stats{
		Stats: s.streams.Stats(), AuthFailures: map[Failure]uint64{}, LoginTimes: map[string]measure.Reading{},
		RosterPushes: s.presence.Pushes(), RefusedResumes: s.stats.tooLate.Load(), OwnLimits: map[Limit]uint64{},
		Bans: s.cfg.Bans.Len(), Databases: map[string]bool{},
	}
	for domain, users := range s.cfg.Users {
		if d, ok := users.Passwords.(interface{ Answers() bool }); ok {
			y.Databases[domain] = d.Answers()
		}
	}
	for i := range s.stats.failures {
		if n := s.stats.failures[i].Load(); n > 0 {
			y.AuthFailures[Failure{conditions[i/len(mechanisms)], mechanisms[i%len(mechanisms)]}] = n
		}
	}
	for i, h := range s.stats.logins {
		y.LoginTimes[mechanisms[i]] = h.Read()
	}
	for l := range limits {
		y.OwnLimits[l] = s.stats.limits[l].Load()
	}
	return y
}

// Connections is how many are open. It does not return while the server hangs, which a
// watchdog can tell by it.
func (s *Server) Connections() int { return s.streams.Connections() }

// HasLease reports that logins are served: the connector has its lease, and has closed
// what its predecessor left.
func (s *Server) HasLease() bool { return s.service.Load() != nil }
