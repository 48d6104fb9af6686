package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"rollcall/bus"
	"rollcall/events"
	"rollcall/session"
)

// A stay is a session from its beginning to its end, or to the end of the time
// that was asked about. Its JSON names are an interface, as sessionView's are.
type stay struct {
	sessionView        // as it was last
	Until       string `json:"until"`   // RFC 3339, UTC; "" if it went on
	Reason      string `json:"reason"`  // why it ended
	Text        string `json:"text"`    // and what was said of it
	Address     string `json:"address"` // the client's, of its last connection
}

// stays lists the sessions of a span of time, in the order of their
// beginnings. It folds an account's history, or if none is named the whole log
// from its beginning, for sessions may have begun long before.
func (q *sessionsQuery) stays(ctx context.Context, con *console, b *bus.Bus) ([]stay, error) {
	info, err := b.Log().Info(ctx)
	if err != nil {
		return nil, err
	}
	con.sayForgotten(info.First <= 1)
	f := stayFold{query: q, accounts: map[events.JID]*session.Account{}, addresses: map[events.SessionID]string{}}
	log := watchedLog{b.Log(), con}
	for st, err := range log.Read(ctx, events.Range{Account: q.jid.Bare(), Until: q.span.until}) {
		switch {
		case isPoison(err):
		case err != nil:
			return nil, fmt.Errorf("read the log: %w", err)
		default:
			f.fold(st)
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := f.rest(ctx, b.Leases()); err != nil {
		return nil, err
	}
	slices.SortFunc(f.stays, func(a, b stay) int {
		return cmp.Or(cmp.Compare(a.Since, b.Since), compareJIDs(a.JID, b.JID), cmp.Compare(a.ID, b.ID))
	})
	return f.stays, nil
}

// A stayFold keeps the sessions that there are, and the stays that have ended.
type stayFold struct {
	query     *sessionsQuery
	accounts  map[events.JID]*session.Account
	addresses map[events.SessionID]string // of those that there are
	stays     []stay
}

// fold takes one record: a session that ends in it becomes a stay, if its end is in
// the span.
func (f *stayFold) fold(st *events.Stored) {
	before := f.accounts[st.Account()]
	after := session.Apply(before, st)
	f.accounts[after.JID] = after
	switch e := st.Event.(type) {
	case events.Authenticated:
		f.addresses[st.Session] = e.Address
	case events.Resumed:
		f.addresses[st.Session] = e.Address
	case events.Closed:
		if s := before.Session(st.Session); s != nil {
			if !st.StoredAt().Before(f.query.span.since) {
				f.add(s, stay{Until: rfc3339(st.At), Reason: string(e.Reason), Text: e.Text}, false)
			}
			delete(f.addresses, s.ID)
		}
	}
}

// rest adds the sessions that have not ended. Which of them are lost is known
// only of now.
func (f *stayFold) rest(ctx context.Context, leases *bus.Leases) error {
	alive, err := leases.Alive(ctx)
	if err != nil {
		return fmt.Errorf("leases: %w", err)
	}
	for _, a := range f.accounts {
		for _, s := range a.Sessions {
			f.add(s, stay{}, f.query.span.until.IsZero() && !holdsLease(alive, s.Connector))
		}
	}
	return nil
}

func (f *stayFold) add(s *session.Session, v stay, lost bool) {
	if !f.query.has(s.JID, s.Connector.Name) {
		return
	}
	v.sessionView = viewOf(s, lost)
	v.Address = f.addresses[s.ID]
	f.stays = append(f.stays, v)
}

// end is the stay's end in words.
func (v *stay) end() string {
	switch {
	case v.Until == "":
		return v.state()
	case v.Text != "":
		return fmt.Sprintf("%s: %s", v.Reason, v.Text)
	}
	return v.Reason
}

// showStays writes a line for each, and one with the date where a day begins.
func (c *console) showStays(list []stay, asJSON bool) error {
	now := time.Now()
	t := newTable(c.out, "JID", "CONNECTOR", timeHead("SINCE", c.zoneName(now)), "UNTIL", "END")
	day := ""
	for i := range list {
		v := &list[i]
		if asJSON {
			if err := c.printJSON(v); err != nil {
				return err
			}
			continue
		}
		since, until := v.since().In(c.zone), "-"
		if d := since.Format(time.DateOnly); d != day {
			day = d
			if err := t.row(day); err != nil {
				return err
			}
		}
		if at, err := time.Parse(time.RFC3339, v.Until); err == nil {
			until = c.stamp(at, since)
		}
		if err := t.row(v.JID.String(), v.Connector, since.Format(time.TimeOnly), until, v.end()); err != nil {
			return err
		}
	}
	if len(list) == 0 {
		c.say("no sessions")
	}
	return t.flush()
}
