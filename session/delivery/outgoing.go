package delivery

import "github.com/rollcall-xmpp/rollcall/events"

// An Outgoing is a stanza for a session, with the facts that matter if its
// client never gets it: the stanza then goes on to others, or waits (XEP-0198,
// 5).
type Outgoing struct {
	Stanza []byte
	// Since is when the stanza was first sent, Unix nanoseconds. 0: now, or not
	// long ago; Stamped: the stanza says so itself (XEP-0203).
	Since int64
	// All are the sessions that were handed the stanza or a carbon of it, nil if
	// there is one. As long as one of them is there nobody else needs it.
	All []events.SessionID
}

// Stamped is for a stanza that has its time in it.
const Stamped = -1
