package delivery

import (
	"context"
	"slices"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// inflight keeps what one sender sends to one account in order when the way there
// changes: from one connector to another, to this one, or to where messages wait.
// The stanzas that went the old way have to arrive first, which takes a connector
// some milliseconds to say.
type inflight struct {
	to     map[events.JID]*way
	newest []sending // of all ways, also of those that are waited for no longer
}

// A way says where the last of the stanzas to an account that were sent to
// other connectors went.
type way struct {
	of   *inflight
	last []sending
}

// A sending is a parcel's place among those on a track to a connector.
type sending struct {
	at    events.Incarnation
	track uint8
	place uint64
}

// maxWays is how many accounts are remembered before those whose stanzas have
// arrived are forgotten.
const maxWays = 64

// barrier returns the way to an account, after the parcels to connectors that
// hold none of the next recipients have arrived. It waits up to CatchUp for
// that, then gives up order for the sake of delivery.
func (f *inflight) barrier(r *Router, account events.JID, next []*session.Session) *way {
	on := f.to[account]
	if on != nil {
		until := time.Now().Add(CatchUp)
		on.last = slices.DeleteFunc(on.last, func(p sending) bool {
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
	on = &way{of: f}
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
		if !slices.ContainsFunc(on.last, func(p sending) bool { return !r.arrived(p) }) {
			delete(f.to, account)
		}
	}
}

// wait waits for everything to arrive, up to CatchUp.
func (f *inflight) wait(r *Router) {
	until := time.Now().Add(CatchUp)
	for _, on := range f.to {
		for _, p := range on.last {
			r.await(p, until)
		}
	}
	f.to = nil
	f.newest = slices.DeleteFunc(f.newest, r.arrived)
}

// add notes where the newest stanza went. nil takes no notes.
func (w *way) add(p sending) {
	if w != nil {
		w.last, w.of.newest = withNewest(w.last, p), withNewest(w.of.newest, p)
	}
}

// withNewest lists the newest place of each track.
func withNewest(list []sending, p sending) []sending {
	for i := range list {
		if list[i].at == p.at && list[i].track == p.track {
			list[i].place = p.place
			return list
		}
	}
	return append(list, p)
}

// A Mark is what a session had sent at one moment that had not arrived yet:
// nobody was known to answer for it but its own connector.
type Mark []sending

// mark is that of this moment, empty if everything has arrived.
func (f *inflight) mark(r *Router) Mark {
	f.newest = slices.DeleteFunc(f.newest, r.arrived)
	return slices.Clone(f.newest)
}

// Await waits until the marked parcels have arrived: they were handled by the
// connector that they went to or, if that has ended, went elsewhere. It returns the
// error of ctx if that ends before.
func (r *Router) Await(ctx context.Context, m Mark) error {
	for _, p := range m {
		if err := r.cfg.Courier.Await(ctx, p.at, p.track, p.place); err != nil {
			return err
		}
	}
	return nil
}

func (r *Router) arrived(p sending) bool { return r.cfg.Courier.Arrived(p.at, p.track, p.place) }

func (r *Router) await(p sending, until time.Time) {
	if r.arrived(p) {
		return
	}
	ctx, cancel := context.WithDeadline(context.Background(), until)
	defer cancel()
	if err := r.cfg.Courier.Await(ctx, p.at, p.track, p.place); err != nil {
		r.cfg.Logger.Warn("a stanza may overtake one that is on its way", "connector", p.at.Name, "error", err)
	}
}

func heldBy(list []*session.Session, by events.Incarnation) bool {
	return slices.ContainsFunc(list, func(t *session.Session) bool { return t.Connector() == by })
}
