package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"rollcall/bus"
	"rollcall/events"
	"rollcall/projector/query"
	"rollcall/replay"
)

// A lifetimeView is a session from its beginning to its end, or to the end of
// the time that was asked about. Its JSON names are an interface, as
// query.Session's are.
type lifetimeView struct {
	query.Session        // as it was last
	Until         string `json:"until"`  // RFC 3339, UTC; "" if it went on
	Reason        string `json:"reason"` // why it ended
	Text          string `json:"text"`   // and said of its end
}

// lifetimes lists the sessions of a span of time, in the order of their
// beginnings. Which of them are lost is known only of now.
func (q *sessionsQuery) lifetimes(ctx context.Context, con *console, b *bus.Bus) (list []lifetimeView, err error) {
	from := archive(con, b)
	if err := saySince(ctx, con, b, from, q.span.Since); err != nil {
		return nil, err
	}
	span := q.span
	span.Of = q.jid
	for l, err := range replay.Sessions(ctx, from, span) {
		if err != nil {
			return nil, err
		}
		if !q.has(l.JID(), l.Connector().Name) {
			continue
		}
		v := lifetimeView{Reason: string(l.Reason), Text: l.Text}
		if l.Ended != 0 {
			v.Until = query.Timestamp(l.Ended)
		}
		v.Session = query.Of(l.Session, false)
		list = append(list, v)
	}
	if span.Until.IsZero() {
		if err := markLost(ctx, b.Leases(), list); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(list, func(a, b lifetimeView) int {
		return cmp.Or(cmp.Compare(a.Since, b.Since), a.JID.Compare(b.JID), cmp.Compare(a.ID, b.ID))
	})
	return list, nil
}

// markLost finds out, after the sessions were read, for those that go on,
// whether their connectors still hold a lease.
func markLost(ctx context.Context, leases *bus.Leases, list []lifetimeView) error {
	alive, err := leases.Alive(ctx)
	if err != nil {
		return fmt.Errorf("leases: %w", err)
	}
	for i := range list {
		v := &list[i]
		v.Lost = v.Until == "" && !events.Leased(alive, v.Held())
	}
	return nil
}

// end is how it ended, in words.
func (v *lifetimeView) end() string {
	switch {
	case v.Until == "":
		return v.State()
	case v.Text != "":
		return fmt.Sprintf("%s: %s", v.Reason, v.Text)
	}
	return v.Reason
}

// showLifetimes writes a line for each, and one with the date where a day
// begins.
func showLifetimes(c *console, list []lifetimeView, asJSON bool) error {
	now := time.Now()
	t := newTable(c.out, "JID", "CONNECTOR", timeHead("SINCE", c.zoneName(now)), "UNTIL", "ADDRESS", "END")
	day := ""
	for i := range list {
		v := &list[i]
		if asJSON {
			if err := c.printJSON(v); err != nil {
				return err
			}
			continue
		}
		since, until := query.Time(v.Since).In(c.zone), "-"
		if d := since.Format(time.DateOnly); d != day {
			day = d
			if err := t.row(day); err != nil {
				return err
			}
		}
		if at, err := time.Parse(time.RFC3339, v.Until); err == nil {
			until = c.stamp(at, since)
		}
		if err := t.row(v.JID.String(), v.Connector, since.Format(time.TimeOnly), until, cmp.Or(v.Address, "-"), v.end()); err != nil {
			return err
		}
	}
	if len(list) == 0 {
		c.say("no sessions")
	}
	return t.flush()
}
