package delivery

import (
	"context"
	"slices"
	"time"

	"rollcall/events"
	"rollcall/session"
)

// inflight keeps what one sender sends to one account in order when the way there
// changes: from one connector to another, to this one, or to where messages
// wait. What went the old way has to arrive first, which takes a connector some
// milliseconds to say.
type inflight struct {
	to map[events.JID]*way
}

// A way is where the last stanzas to an account went that were sent to other
// connectors.
type way []sending

// A sending is a parcel's place among those on a track to a connector.
type sending struct {
	at    events.Incarnation
	track uint8
	place uint64
}

// maxWays is how many accounts are remembered before those are forgotten whose
// stanzas have arrived.
const maxWays = 64

// barrier returns the way to an account, after what went to connectors that hold
// none of the next recipients has arrived. It waits up to CatchUp for that, then
// gives up order for the sake of delivery.
func (f *inflight) barrier(r *Router, account events.JID, next []*session.Session) *way {
	on := f.to[account]
	if on != nil {
		until := time.Now().Add(CatchUp)
		*on = slices.DeleteFunc(*on, func(p sending) bool {
			if heldBy(next, p.at) {
				return false
			}
			r.await(p, until)
			return true
		})
		return on
	}
	if len(next) == 0 || !r.anyAway(next) {
		return nil
	}
	if len(f.to) >= maxWays {
		f.sweep(r)
	}
	if f.to == nil {
		f.to = map[events.JID]*way{}
	}
	on = &way{}
	f.to[account.Clone()] = on
	return on
}

// anyAway reports that a session is another connector's.
func (r *Router) anyAway(list []*session.Session) bool {
	for _, t := range list {
		if r.cfg.Local.Recipient(t.ID) == nil {
			return true
		}
	}
	return false
}

// sweep forgets the ways on which everything has arrived.
func (f *inflight) sweep(r *Router) {
	for account, on := range f.to {
		if !slices.ContainsFunc(*on, func(p sending) bool { return !r.cfg.Courier.Arrived(p.at, p.track, p.place) }) {
			delete(f.to, account)
		}
	}
}

// wait waits for everything to arrive, up to CatchUp.
func (f *inflight) wait(r *Router) {
	until := time.Now().Add(CatchUp)
	for _, on := range f.to {
		for _, p := range *on {
			r.await(p, until)
		}
	}
	f.to = nil
}

// add notes where the newest stanza went. nil takes no notes.
func (w *way) add(p sending) {
	if w == nil {
		return
	}
	for i := range *w {
		if (*w)[i].at == p.at && (*w)[i].track == p.track {
			(*w)[i].place = p.place
			return
		}
	}
	*w = append(*w, p)
}

func (r *Router) await(p sending, until time.Time) {
	if r.cfg.Courier.Arrived(p.at, p.track, p.place) {
		return
	}
	ctx, cancel := context.WithDeadline(context.Background(), until)
	defer cancel()
	if err := r.cfg.Courier.Await(ctx, p.at, p.track, p.place); err != nil {
		r.cfg.Logger.Warn("a stanza may overtake one that is on its way", "connector", p.at.Name, "error", err)
	}
}

func heldBy(list []*session.Session, by events.Incarnation) bool {
	return slices.ContainsFunc(list, func(t *session.Session) bool { return t.Connector == by })
}
