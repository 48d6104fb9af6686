package session

import "github.com/rollcall-xmpp/rollcall/events"

// An account as a keyframe keeps it, and back.

// Record returns the session as the one record that repeats it (events.Refreshed). It
// has no id, time or place of its own.
func (s *Session) Record() events.Record {
	return events.Record{Session: s.ID, JID: s.JID(), Connector: s.Connector(), Event: s.refreshed()}
}

// Restore returns the account whose newest record is at seq and whose sessions the
// records repeat. Records of any other event are passed over. It keeps their strings.
func Restore(seq events.Seq, records []events.Stored) *Account {
	a := &Account{Seq: seq}
	for i := range records {
		e, ok := records[i].Event.(events.Refreshed)
		if ok && a.Session(records[i].Session) == nil {
			d := restored(&records[i], e)
			a = with(*a, nil, &d)
		}
	}
	return a
}
