package events

import (
	"crypto/rand"
	"errors"
	"time"

	"github.com/oklog/ulid/v2"
)

// An ID is a ULID: 48 bits of milliseconds and 80 random bits. It sorts by
// time and prints as 26 characters. The zero ID names nothing. Those that name
// an event, a session or a connection have types of their own, so that none is
// taken for another.
type ID [16]byte

type (
	// EventID names an event.
	EventID ID
	// SessionID names a session from its authentication to its end, over all
	// the connections that it may have had.
	SessionID ID
	// ConnID names one connection of a client.
	ConnID ID
)

// NewID makes an ID for the instant now. It is safe for concurrent use.
func NewID(now time.Time) ID {
	var id ulid.ULID
	if err := id.SetTime(ulid.Timestamp(now)); err != nil {
		panic("clock beyond the year 10889: " + now.String())
	}
	rand.Read(id[6:])
	return ID(id)
}

// NewEventID is [NewID] for an event.
func NewEventID(now time.Time) EventID { return EventID(NewID(now)) }

// NewSessionID is [NewID] for a session.
func NewSessionID(now time.Time) SessionID { return SessionID(NewID(now)) }

// NewConnID is [NewID] for a connection.
func NewConnID(now time.Time) ConnID { return ConnID(NewID(now)) }

// ParseID reads the 26 characters of an ID, in either case.
func ParseID(s string) (ID, error) {
	id, err := ulid.ParseStrict(s)
	if err != nil {
		return ID{}, errors.New("an id has 26 characters of 0-9 and A-Z without I, L, O, U")
	}
	return ID(id), nil
}

// String returns the 26 characters of the ID.
func (id ID) String() string { return ulid.ULID(id).String() }

// IsZero reports that the ID names nothing.
func (id ID) IsZero() bool { return id == ID{} }

// MarshalText gives the 26 characters, and nothing for the zero ID.
func (id ID) MarshalText() ([]byte, error) {
	if id.IsZero() {
		return nil, nil
	}
	return []byte(id.String()), nil
}

// String returns the 26 characters of the ID.
func (id EventID) String() string { return ID(id).String() }

// IsZero reports that the ID names nothing.
func (id EventID) IsZero() bool { return id == EventID{} }

// MarshalText gives the 26 characters, and nothing for the zero ID.
func (id EventID) MarshalText() ([]byte, error) { return ID(id).MarshalText() }

// String returns the 26 characters of the ID.
func (id SessionID) String() string { return ID(id).String() }

// Began is when the session was made, by the clock of its connector, to the
// millisecond.
func (id SessionID) Began() time.Time { return ulid.Time(ulid.ULID(id).Time()) }

// IsZero reports that the ID names nothing.
func (id SessionID) IsZero() bool { return id == SessionID{} }

// MarshalText gives the 26 characters, and nothing for the zero ID.
func (id SessionID) MarshalText() ([]byte, error) { return ID(id).MarshalText() }

// String returns the 26 characters of the ID.
func (id ConnID) String() string { return ID(id).String() }

// IsZero reports that the ID names nothing.
func (id ConnID) IsZero() bool { return id == ConnID{} }

// MarshalText gives the 26 characters, and nothing for the zero ID.
func (id ConnID) MarshalText() ([]byte, error) { return ID(id).MarshalText() }
