package replay

import (
	"context"
	"iter"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// LeasesAt returns what the log says of connectors' leases, as it was; nil if it says
// nothing. It reads only the records of connectors, of which there are few, and
// forgets no end. It does not know of a beginning that the log has forgotten; At
// knows that from keyframes. It fails as At does.
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

// leasesOfTwo are what the log says of leases at the two moments of a Diff.
type leasesOfTwo struct{ then, now *session.Leases }

func leasesAtTwo(ctx context.Context, log events.Log, from, to Moment) (l leasesOfTwo, err error) {
	if l.then, err = LeasesAt(ctx, log, from); err != nil {
		return l, err
	}
	l.now, err = LeasesAt(ctx, log, to)
	return l, err
}

// mark says of the session's connectors whether they were lost.
func (l leasesOfTwo) mark(c *Change) {
	c.LostBefore = c.Before != nil && l.then.HasEnded(c.Before.Connector())
	c.LostAfter = c.After != nil && l.now.HasEnded(c.After.Connector())
}

// newlyEnded lists those whose lease ended between the moments and that hold sessions
// at the second.
func (l leasesOfTwo) newlyEnded() (list []events.Incarnation) {
	if l.now == nil {
		return nil
	}
	for _, i := range l.now.Ended {
		if !l.then.HasEnded(i) {
			list = append(list, i)
		}
	}
	return list
}

// noteLost notes accounts of which the passage had no record, but that have sessions
// of connectors that were lost in it.
func (d *passage) noteLost(accounts iter.Seq[*session.Account]) {
	for a := range accounts {
		if a == nil {
			continue
		}
		if _, known := d.was[a.JID()]; !known {
			d.was[a.JID()], d.is[a.JID()] = a, a
		}
	}
}
