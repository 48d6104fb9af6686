package replay

import (
	"context"

	"rollcall/events"
	"rollcall/session"
)

// LeasesAt returns what the log says of connectors' leases, as it was; nil if it says
// nothing. It reads only the records of connectors, of which there are few, and
// forgets no end. It fails as At does.
func LeasesAt(ctx context.Context, log events.Log, m Moment) (*session.Leases, error) {
	info, err := look(ctx, log, m)
	if err != nil {
		return nil, err
	}
	of := Span{Of: events.Connectors}
	var l *session.Leases
	for st, err := range events.Intact(log.Read(ctx, m.until(events.Range{Account: of.Of}, info))) {
		if err != nil {
			return nil, of.reading(err)
		}
		l = session.ApplyLease(l, st)
	}
	if err := ctx.Err(); err != nil {
		return nil, of.reading(err)
	}
	return l, nil
}
