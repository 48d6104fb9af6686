package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/courier"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector"
	"github.com/rollcall-xmpp/rollcall/projector/query"
	"github.com/rollcall-xmpp/rollcall/replay"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/connector"
)

// running asks a process with the projector role. courier.ErrNoAnswer means that
// there is none.
func running(b *bus.Bus) query.Client { return query.Client{Asker: b.Courier(), Log: b.Log()} }

// archive is what the past is read from. People are told of keyframes that are no good.
func archive(con *console, b *bus.Bus) replay.Archive {
	return replay.Archive{Log: progressLog{b.Log(), con}, Keyframes: b.Keyframes(), Passed: tellPassed(con)}
}

// sourceOf is what the verbs' answers are made of.
func sourceOf(con *console, b *bus.Bus) *ask.Source {
	return &ask.Source{Archive: archive(con, b), Pre: b.Pre(), Now: presence{con, b}, Leases: b.Leases(), Accounts: storeOf(b)}
}

// A presence asks the running projector, and does without if there is none.
type presence struct {
	con *console
	bus *bus.Bus
}

// Position implements ask.Present. The projector is asked as of the log's end.
func (presence) Position() events.Seq { return 0 }

// Sessions implements ask.Present.
func (p presence) Sessions(ctx context.Context) ([]query.Session, error) {
	return asked(running(p.bus).Sessions(ctx), func() (iter.Seq[query.Session], error) {
		table, err := present(ctx, p.con, p.bus)
		if err != nil {
			return nil, err
		}
		return query.Sessions(table), nil
	})
}

// SessionsOf implements ask.Present.
func (p presence) SessionsOf(ctx context.Context, accounts []events.JID) ([]query.Session, error) {
	all, err := p.Sessions(ctx)
	return slices.DeleteFunc(all, func(v query.Session) bool { return !slices.Contains(accounts, v.JID.Bare()) }), err
}

// Account implements ask.Present, by the account's own records.
func (p presence) Account(ctx context.Context, account events.JID) (*session.Account, error) {
	return replay.AccountAt(ctx, archive(p.con, p.bus), account, replay.Moment{})
}

// Holdings implements ask.Present.
func (p presence) Holdings(ctx context.Context) ([]query.Holding, error) {
	return asked(running(p.bus).Holdings(ctx), func() (iter.Seq[query.Holding], error) {
		table, err := past(ctx, p.con, p.bus, replay.Moment{})
		if err != nil {
			return nil, err
		}
		return query.Holdings(table), nil
	})
}

// asked lists an answer or, if nobody gives it, another one.
func asked[V any](answer iter.Seq2[V, error], other func() (iter.Seq[V], error)) (list []V, err error) {
	for v, err := range answer {
		switch {
		case errors.Is(err, courier.ErrNoAnswer):
			all, err := other()
			if err != nil {
				return nil, err
			}
			return slices.Collect(all), nil
		case err != nil:
			return nil, err
		}
		list = append(list, v)
	}
	return list, nil
}

// maxPassed is how many keyframes that are no good are named; after an upgrade all are
// of another format.
const maxPassed = 3

// tellPassed names the first keyframes that are passed over, and says that there are
// more.
func tellPassed(con *console) func(events.Keyframe, error) {
	n := 0
	return func(k events.Keyframe, err error) {
		switch n++; {
		case n <= maxPassed:
			con.say("note: %s is passed over: %v", k, err)
		case n == maxPassed+1:
			con.say("note: more are passed over; a running projector writes them anew")
		}
	}
}

// past folds the log up to the moment, for questions about then and for those
// that nobody is there to answer.
func past(ctx context.Context, con *console, b *bus.Bus, m replay.Moment) (*projector.Table, error) {
	p, err := replay.At(ctx, archive(con, b), m)
	if err != nil {
		return nil, err
	}
	return p.Table, sayKnown(ctx, con, b, p.Whole, m)
}

// sayKnown tells people what is not known of a moment.
func sayKnown(ctx context.Context, con *console, b *bus.Bus, whole bool, m replay.Moment) error {
	sayForgotten(con, whole)
	return sayBeginning(ctx, con, b, m)
}

// sayForgotten tells people that the log is not whole.
func sayForgotten(c *console, whole bool) {
	if !whole {
		c.say("note: retention has removed the beginning of the log; sessions that began before are missing up to the event that repeats them")
	}
}

// saySince tells people who ask about a span of time what is not known of it.
func saySince(ctx context.Context, con *console, b *bus.Bus, from replay.Archive, since time.Time) error {
	m := replay.Moment{Time: since}
	if since.IsZero() {
		m.Seq = 1
	}
	known, err := from.Knows(ctx, m)
	if err != nil {
		return err
	}
	sayForgotten(con, known)
	return sayBegins(ctx, con, b, since)
}

// sayBegins tells people who ask about more than the log has where it begins. Nobody
// need be told of a log that has forgotten nothing.
func sayBegins(ctx context.Context, con *console, b *bus.Bus, since time.Time) error {
	info, err := b.Log().Info(ctx)
	if err != nil || info.First <= 1 || info.Records == 0 {
		return err
	}
	for st, err := range b.Log().Read(ctx, events.Range{To: info.First}) {
		if err != nil {
			if events.IsPoison(err) {
				continue
			}
			return err
		}
		if first := st.StoredAt(); since.Before(first) {
			now := time.Now()
			con.say("note: the log begins at %s %s, with event %d; it has forgotten what happened before", con.stamp(first, now), con.zoneName(first), st.Seq)
		}
	}
	return nil
}

// sayBeginning tells people who ask about a time before the first record why
// there is nothing to see.
func sayBeginning(ctx context.Context, con *console, b *bus.Bus, m replay.Moment) error {
	if m.Time.IsZero() {
		return nil
	}
	for st, err := range b.Log().Read(ctx, events.Range{To: 1}) {
		if err != nil {
			if events.IsPoison(err) {
				continue
			}
			return err
		}
		now := time.Now()
		if first := st.StoredAt(); m.Time.Before(first) {
			con.say("note: the history begins at %s %s, later than that", con.stamp(first, now), con.zoneName(first))
		}
	}
	return nil
}

// present is the table now without anybody's help: the log's end folded, and
// the connectors without a lease marked as lost.
func present(ctx context.Context, con *console, b *bus.Bus) (*projector.Table, error) {
	table, err := past(ctx, con, b, replay.Moment{})
	if err != nil {
		return nil, err
	}
	if _, err := connector.TellLost(ctx, b.Leases(), table); err != nil {
		return nil, fmt.Errorf("leases: %w", err)
	}
	return table, nil
}
