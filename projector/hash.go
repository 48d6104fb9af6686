package projector

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"iter"
	"slices"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// A Hash sums up a table's sessions at one sequence: it is equal for tables
// that hold the same. It tells faults, not forgeries: it is the exclusive or of
// SHA-256 over each account, so that accounts need no order.
type Hash [sha256.Size]byte

// String returns the hash in hexadecimal.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText gives the hash in hexadecimal.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// Hash returns the hash of all accounts that have a session, with the sequence
// that it is of. What the table still knows of others is left out: another one may
// have forgotten it. So are the clients' addresses: older builds have repeated
// sessions without them.
func (t *Table) Hash() (events.Position, Hash) {
	s := t.HashSince(0)
	return s.At, s.All
}

// Hashes are of one sequence.
type Hashes struct {
	At    events.Position
	All   Hash // as of Hash
	Young Hash // the same without the older sessions
	Older int  // how many sessions that are
}

// HashSince returns the hash of all sessions, and that of those that began at or
// after an instant, in Unix nanoseconds. The latter are those that a log which
// begins there has whole, whatever has become of the others.
func (t *Table) HashSince(since int64) Hashes {
	var h Hashes
	t.Snapshot(func(p events.Position, accounts iter.Seq[*session.Account]) {
		h.At = p
		var b []byte
		for a := range accounts {
			young := younger(a.Sessions(), since)
			h.Older += len(a.Sessions()) - len(young)
			b = appendAccount(b[:0], a, a.Sessions())
			sum := sha256.Sum256(b)
			h.All.add(sum)
			if len(young) == 0 {
				continue
			}
			if len(young) < len(a.Sessions()) {
				b = appendAccount(b[:0], a, young)
				sum = sha256.Sum256(b)
			}
			h.Young.add(sum)
		}
	})
	return h
}

// younger are the sessions that began at or after an instant: mostly all.
func younger(list []*session.Session, since int64) []*session.Session {
	old := func(s *session.Session) bool { return s.Since < since }
	if !slices.ContainsFunc(list, old) {
		return list
	}
	return slices.DeleteFunc(slices.Clone(list), old)
}

func (h *Hash) add(sum [sha256.Size]byte) {
	for i, c := range sum {
		h[i] ^= c
	}
}

// appendAccount appends all that can be seen of some of an account's sessions, one
// way only.
func appendAccount(b []byte, a *session.Account, sessions []*session.Session) []byte {
	b = appendText(b, a.JID().String())
	b = appendNumbers(b, uint64(a.Seq), uint64(len(sessions)))
	for _, s := range sessions {
		b = appendSession(b, s)
	}
	return b
}

func appendSession(b []byte, s *session.Session) []byte {
	b = append(append(b, s.ID[:]...), s.Conn[:]...)
	b = appendText(b, s.JID().String())
	b = appendText(b, s.Connector().Name)
	b = appendNumbers(b, s.Connector().Epoch, uint64(s.Since), uint64(s.PresenceAt), uint64(s.DetachedUntil()))
	b = appendText(b, s.Presence)
	b = append(b, byte(s.Priority))
	for _, is := range [...]bool{
		s.Bound(), s.Interested(), s.Available(), s.Carbons(), s.Managed(), s.Resumable(), s.Detached(),
	} {
		if is {
			b = append(b, 1)
		} else {
			b = append(b, 0)
		}
	}
	b = appendNumbers(b, uint64(len(s.Directed())))
	for _, to := range s.Directed() {
		b = appendText(b, to.String())
	}
	return b
}

func appendText(b []byte, s string) []byte { return append(appendNumbers(b, uint64(len(s))), s...) }

func appendNumbers(b []byte, numbers ...uint64) []byte {
	for _, n := range numbers {
		b = binary.AppendUvarint(b, n)
	}
	return b
}
