package delivery

import (
	"rollcall/events"
	"rollcall/session"
)

// SendEvent sends a notification of personal eventing (XEP-0163) to sessions of any
// accounts, after what there is in the log up to a position. It is for each of them
// alone: a session that has gone needs none. With wanted it is for those whose
// clients ask for it, and has no address yet; see Policy.Event. The stanza is not
// kept.
func (r *Router) SendEvent(from events.JID, to []*session.Session, after events.Position, message []byte, wanted bool) {
	r.deliver(parcel{final: true, event: wanted, lane: laneOf(from), after: after, stanza: message}, to, nil)
}
