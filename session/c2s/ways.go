package c2s

import (
	"context"
	"slices"
	"time"

	"rollcall/events"
	"rollcall/session"
)

// ways keeps what one sender sends to one account in order when the way there
// changes: from one connector to another, to this one, or to where messages
// wait. What went the old way has to arrive first, which takes a connector some
// milliseconds to say. A client's belong to who handles its stanzas, or ends it.
type ways struct {
	to map[events.JID]*way
}

// A way is where the last stanzas to an account went that were sent to other
// connectors.
type way []sending

// A sending is a parcel's place among those on a track to a connector.
type sending struct {
	at     events.Incarnation
	track  uint8
	number uint64
}

// maxWays is how many accounts are remembered before those are forgotten whose
// stanzas have arrived.
const maxWays = 64

// turn returns the way to an account, after what went to connectors that hold
// none of the next recipients has arrived. It waits up to catchUp for that, then
// gives up order for the sake of delivery.
func (w *ways) turn(s *Server, account events.JID, next []*session.Session) *way {
	on := w.to[account]
	if on != nil {
		until := time.Now().Add(catchUp)
		*on = slices.DeleteFunc(*on, func(p sending) bool {
			if heldBy(next, p.at) {
				return false
			}
			s.await(p, until)
			return true
		})
		return on
	}
	if len(next) == 0 || !s.anyAway(next) {
		return nil
	}
	if len(w.to) >= maxWays {
		w.sweep(s)
	}
	if w.to == nil {
		w.to = map[events.JID]*way{}
	}
	on = &way{}
	w.to[account.Clone()] = on
	return on
}

// anyAway reports that a session is another connector's.
func (s *Server) anyAway(list []*session.Session) bool {
	for _, t := range list {
		if s.hub.client(t.ID) == nil {
			return true
		}
	}
	return false
}

// sweep forgets the ways on which everything has arrived.
func (w *ways) sweep(s *Server) {
	for account, on := range w.to {
		if !slices.ContainsFunc(*on, func(p sending) bool { return !s.cfg.Courier.Arrived(p.at, p.track, p.number) }) {
			delete(w.to, account)
		}
	}
}

// settle waits for everything to arrive, up to catchUp.
func (w *ways) settle(s *Server) {
	until := time.Now().Add(catchUp)
	for _, on := range w.to {
		for _, p := range *on {
			s.await(p, until)
		}
	}
	w.to = nil
}

// went notes where the newest stanza went. nil takes no notes.
func (w *way) went(p sending) {
	if w == nil {
		return
	}
	for i := range *w {
		if (*w)[i].at == p.at && (*w)[i].track == p.track {
			(*w)[i].number = p.number
			return
		}
	}
	*w = append(*w, p)
}

func (s *Server) await(p sending, until time.Time) {
	if s.cfg.Courier.Arrived(p.at, p.track, p.number) {
		return
	}
	ctx, cancel := context.WithDeadline(context.Background(), until)
	defer cancel()
	if err := s.cfg.Courier.Await(ctx, p.at, p.track, p.number); err != nil {
		s.cfg.Logger.Warn("a stanza may overtake one that is on its way", "connector", p.at.Name, "error", err)
	}
}

func heldBy(list []*session.Session, by events.Incarnation) bool {
	return slices.ContainsFunc(list, func(t *session.Session) bool { return t.Connector == by })
}
