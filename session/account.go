package session

import (
	"cmp"
	"slices"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// Limits of an account. Reaching one refuses the command.
const (
	// MaxSessions bounds the sessions of one account, unbound ones included.
	MaxSessions = 100
	// MaxDirected bounds the JIDs that one session directed presence to and
	// that must learn of its end. With its own presence they are also bounded in
	// bytes, to a little less than events.MaxRecord.
	MaxDirected = 500
)

// optional is what few sessions have, kept apart for the sake of those that don't.
type optional struct {
	tokenHash string       // SHA-256 of the resumption token
	max       uint32       // seconds to wait for a resumption
	until     int64        // end of that wait, while detached
	directed  []events.JID // the JIDs that were sent directed available presence
	role      string       // one that is not among commonRoles
}

const (
	bound uint8 = 1 << iota
	interested
	available
	carbons
	managed   // stream management is on
	resumable // and resumption was granted
	detached
)

func (s *Session) is(state uint8) bool { return s.state&state != 0 }

// Bound reports a connected resource (RFC 6120, 7).
func (s *Session) Bound() bool { return s.is(bound) }

// Available reports an available resource: it broadcast presence.
func (s *Session) Available() bool { return s.is(available) }

// Interested reports an interested resource: it asked for the roster and gets
// roster pushes, whether available or not (RFC 6121, 2.2).
func (s *Session) Interested() bool { return s.is(interested) }

// Carbons reports that message carbons are on (XEP-0280).
func (s *Session) Carbons() bool { return s.is(carbons) }

// Resumable reports that the session is detached, not closed, when its
// connection is lost (XEP-0198).
func (s *Session) Resumable() bool { return s.is(resumable) }

// Managed reports that stream management is on (XEP-0198).
func (s *Session) Managed() bool { return s.is(managed) }

// Detached reports that the session has no connection and waits to be resumed.
func (s *Session) Detached() bool { return s.is(detached) }

// DetachedUntil is when a detached session is closed, Unix nanoseconds,
// otherwise 0.
func (s *Session) DetachedUntil() int64 {
	if s.optional == nil || !s.Detached() {
		return 0
	}
	return s.optional.until
}

// DetachedSince is when a detached session lost its connection, Unix nanoseconds,
// to the second; otherwise 0.
func (s *Session) DetachedSince() int64 {
	until := s.DetachedUntil()
	if until == 0 {
		return 0
	}
	return until - int64(s.optional.max)*int64(time.Second)
}

// heldBy reports that the session was not resumed by another connection. Zero
// is any connection.
func (s *Session) heldBy(conn events.ConnID) bool {
	return conn.IsZero() || s.Conn.IsZero() || s.Conn == conn
}

// Directed lists the JIDs that were sent directed presence and no unavailable
// since. The slice must not be changed.
func (s *Session) Directed() []events.JID {
	if s.optional == nil {
		return nil
	}
	return s.optional.directed
}

// seq is the condition of the next append.
func (a *Account) seq() events.Seq {
	if a == nil {
		return 0
	}
	return a.Seq
}

// Session finds a session by its id, or returns nil.
func (a *Account) Session(id events.SessionID) *Session {
	for _, s := range a.Sessions() {
		if s.ID == id {
			return s
		}
	}
	return nil
}

// Resource finds the connected resource of that name, or returns nil.
func (a *Account) Resource(resource string) *Session {
	for _, s := range a.Sessions() {
		if s.Bound() && s.resource() == resource {
			return s
		}
	}
	return nil
}

// Available returns the available resources, highest priority first and among
// equals the one that became available last first. The slice must not be
// changed.
func (a *Account) Available() []*Session { return availableOf(a.Sessions()) }

func availableOf(list []*Session) []*Session {
	for i, s := range list {
		if !s.Available() {
			return list[:i]
		}
	}
	return list
}

// Best returns the available resources that a message to the bare JID goes to:
// all that are tied at the highest priority if that is not negative, otherwise
// none (RFC 6121, 8.5.2.1.1). The slice must not be changed.
func (a *Account) Best() []*Session { return BestOf(a.Sessions()) }

// BestOf is Best of some of an account's sessions, in their order.
func BestOf(list []*Session) []*Session { return best(availableOf(list)) }

func best(available []*Session) []*Session {
	if len(available) == 0 || available[0].Priority < 0 {
		return nil
	}
	for i, s := range available {
		if s.Priority != available[0].Priority {
			return available[:i]
		}
	}
	return available
}

// compare orders sessions best first: available ones by priority and then by
// the newest presence, connected ones, unbound ones; at last by id, so that
// the order is a function of the set.
func compare(a, b *Session) int {
	return cmp.Or(
		cmp.Compare(b.state&available, a.state&available),
		cmp.Compare(b.Priority, a.Priority),
		cmp.Compare(b.PresenceAt, a.PresenceAt),
		cmp.Compare(b.state&bound, a.state&bound),
		slices.Compare(a.ID[:], b.ID[:]),
	)
}
