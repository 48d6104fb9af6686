package ask

import (
	"context"
	"errors"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/events"
)

// A Feed is one as scripts see it.
type Feed struct {
	Name      string     `json:"name"`
	Subjects  []string   `json:"subjects"` // none: all
	From      events.Seq `json:"from"`
	Pending   uint64     `json:"pending"`   // events that were not sent yet
	Unacked   uint64     `json:"unacked"`   // that were sent and are not acknowledged
	Delivered events.Seq `json:"delivered"` // that was sent last; 0: none
	Acked     events.Seq `json:"acked"`     // up to which all are acknowledged
	Oldest    *time.Time `json:"oldest"`    // when the first was published that is not; null: there is none
	Active    *time.Time `json:"active"`    // when one was sent or acknowledged last; null: never, or not since NATS started
}

// FeedOf is the view of a feed.
func FeedOf(f *bus.Feed) Feed {
	return Feed{
		Name: f.Name, Subjects: append([]string{}, f.Subjects...), From: f.From, Pending: f.Pending, Unacked: f.Unacked,
		Delivered: f.Delivered, Acked: f.Acked, Oldest: unlessZero(f.Oldest), Active: unlessZero(f.Active),
	}
}

// Published is how far publishers are, all together: it makes no difference which of them
// wrote an event.
type Published struct {
	First    events.Seq `json:"first"`      // event that is kept, or will be
	Position events.Seq `json:"position"`   // of the last one
	Lag      uint64     `json:"lag_events"` // that the log has after it
	Since    *time.Time `json:"lag_since"`  // when the log stored the first of these; null: there are none
	Made     time.Time  `json:"made"`       // when publishing began
	Address  string     `json:"addresses"`  // what is told of clients' addresses: full, network or none
}

// Feeds are all feeds, and what they read.
type Feeds struct {
	Published *Published `json:"published"` // null: nobody has published yet
	Items     []Feed     `json:"items"`     // by name
}

// A FeedSource has what is published; bus.Public does.
type FeedSource interface {
	State(context.Context) (bus.PublicState, error)
	Feeds(context.Context) ([]bus.Feed, error)
}

// FeedsOf lists feeds, and says how far behind the log they and publishers are.
func FeedsOf(ctx context.Context, log events.Log, from FeedSource) (f Feeds, err error) {
	f.Items = []Feed{}
	state, err := from.State(ctx)
	if errors.Is(err, events.ErrNotFound) {
		return f, nil
	}
	if err != nil {
		return f, err
	}
	all, err := from.Feeds(ctx)
	if err != nil {
		return f, err
	}
	for i := range all {
		f.Items = append(f.Items, FeedOf(&all[i]))
	}
	info, err := log.Info(ctx)
	if err != nil {
		return f, err
	}
	f.Published = &Published{First: state.First, Position: state.Last, Made: state.Made.UTC(), Address: state.Addresses}
	if info.Last <= state.Last {
		return f, nil
	}
	f.Published.Lag = uint64(info.Last - state.Last)
	f.Published.Since, err = storedAfter(ctx, log, state.Last)
	return f, err
}

// storedAfter is when the log stored the first record after another one; nil if it has none.
func storedAfter(ctx context.Context, log events.Log, seq events.Seq) (*time.Time, error) {
	for st, err := range log.Read(ctx, events.Range{After: seq}) {
		switch poison, damaged := errors.AsType[*events.PoisonError](err); {
		case damaged:
			return new(time.Unix(0, poison.At).UTC()), nil
		case err != nil:
			return nil, err
		}
		return new(time.Unix(0, st.At).UTC()), nil
	}
	return nil, nil
}

func unlessZero(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
