package ask

import (
	"context"

	"rollcall/events"
	"rollcall/projector/query"
	"rollcall/replay"
)

// A Source is what answers are made of. It is as safe for concurrent use as its parts.
type Source struct {
	Archive replay.Archive
	Now     Present
	Leases  Leases
}

// Present is what is true now.
type Present interface {
	// Sessions are all that there are, in no order.
	Sessions(context.Context) ([]query.Session, error)
}

// Leases are those that connectors hold now; bus.Leases has them.
type Leases interface {
	Alive(context.Context) ([]events.LeaseState, error)
}

// IsNow reports the moment that is no look into the past.
func IsNow(m replay.Moment) bool { return m == replay.Moment{} }
