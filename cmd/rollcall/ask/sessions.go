package ask

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector/query"
	"github.com/rollcall-xmpp/rollcall/replay"
	"github.com/rollcall-xmpp/rollcall/replay/filter"
)

// Which says which sessions are meant.
type Which struct {
	JID       events.JID       // bare, full, or zero for all
	Connector string           // "" for all
	Filter    *filter.Sessions // nil for all
}

// Has reports a session that is meant.
func (w Which) Has(jid events.JID, connector string) bool {
	return (w.Connector == "" || w.Connector == connector) &&
		(w.JID.IsZero() || w.JID == jid || w.JID.IsBare() && w.JID == jid.Bare())
}

// subjects are those whose records are read: an account, some, or all as the zero JID.
func (w Which) subjects() []events.JID {
	if w.JID.IsZero() && w.Filter != nil && w.Filter.Few() {
		return w.Filter.Accounts()
	}
	return []events.JID{w.JID}
}

// Sessions lists the sessions of a moment, by JID.
func (s *Source) Sessions(ctx context.Context, w Which, m replay.Moment) (list []query.Session, known Known, err error) {
	if IsNow(m) {
		known = Known{s.Now.Position(), true}
		list, err = s.Now.Sessions(ctx)
	} else if past, e := replay.At(ctx, s.Archive, m); e == nil {
		known = knownOf(past)
		list = slices.Collect(query.Sessions(past.Table))
	} else {
		err = e
	}
	if err != nil {
		return nil, Known{}, err
	}
	then, err := m.Instant(ctx, s.Archive)
	if err != nil {
		return nil, Known{}, err
	}
	list = slices.DeleteFunc(list, func(v query.Session) bool {
		return !w.Has(v.JID, v.Connector) || w.Filter != nil && !w.Filter.Has(&filter.Stay{Session: &v, At: then})
	})
	sortSessions(list)
	return list, known, nil
}

func sortSessions(list []query.Session) {
	slices.SortFunc(list, func(a, b query.Session) int { return cmp.Or(a.JID.Compare(b.JID), cmp.Compare(a.ID, b.ID)) })
}

func knownOf(p *replay.Past) Known { return Known{p.Position().Seq, p.Whole} }

// A Lifetime is a session from its beginning to its end, or to the end of the time that
// was asked about.
type Lifetime struct {
	query.Session        // as it was last
	Until         string `json:"until"`  // RFC 3339, UTC; "" if it went on
	Reason        string `json:"reason"` // why it ended
	Text          string `json:"text"`   // and said of its end
	By            string `json:"by"`     // who wanted it, if somebody did
}

// lifetimeOf is a replay.Lifetime as it is shown. Whether it is lost is not known from the
// log alone.
func lifetimeOf(l *replay.Lifetime) Lifetime {
	v := Lifetime{Session: query.Of(l.Session, false), Reason: string(l.Reason), Text: l.Text, By: string(l.By)}
	if l.Ended != 0 {
		v.Until = query.Timestamp(l.Ended)
	}
	return v
}

// stay is what a filter looks at: a session that goes on, as far as the span does.
func (l *Lifetime) stay(span replay.Span, now time.Time) *filter.Stay {
	at := query.Time(l.Until)
	if at.IsZero() {
		at = span.Until
	}
	if at.IsZero() || at.After(now) {
		at = now
	}
	return &filter.Stay{Session: &l.Session, At: at, Reason: l.Reason, Text: l.Text, By: l.By}
}

// End is how it ended, in words.
func (l *Lifetime) End() string {
	if l.Until == "" {
		return l.State()
	}
	end := l.Reason
	if l.By != "" {
		end += " by " + l.By
	}
	if l.Text != "" {
		end += ": " + l.Text
	}
	return end
}

// Lifetimes lists the sessions of a span of time, in the order of their beginnings. Which
// of them are lost is known only of now.
func (s *Source) Lifetimes(ctx context.Context, w Which, span replay.Span) (list []Lifetime, err error) {
	for _, span.Of = range w.subjects() {
		for l, err := range replay.Sessions(ctx, s.Archive, span) {
			if err != nil {
				return nil, err
			}
			if w.Has(l.JID(), l.Connector().Name) {
				list = append(list, lifetimeOf(&l))
			}
		}
	}
	if span.Until.IsZero() {
		if err := s.markLost(ctx, list); err != nil {
			return nil, err
		}
	}
	if w.Filter != nil {
		now := time.Now()
		list = slices.DeleteFunc(list, func(l Lifetime) bool { return !w.Filter.Has(l.stay(span, now)) })
	}
	slices.SortFunc(list, func(a, b Lifetime) int {
		return cmp.Or(cmp.Compare(a.Since, b.Since), a.JID.Compare(b.JID), cmp.Compare(a.ID, b.ID))
	})
	return list, nil
}

// markLost finds out, after the sessions were read, for those that go on, whether their
// connectors still hold a lease.
func (s *Source) markLost(ctx context.Context, list []Lifetime) error {
	alive, err := s.Leases.Alive(ctx)
	if err != nil {
		return fmt.Errorf("leases: %w", err)
	}
	for i := range list {
		l := &list[i]
		l.Lost = l.Until == "" && !events.Leased(alive, l.Held())
	}
	return nil
}
