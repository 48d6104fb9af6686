package session

import (
	"context"
	"fmt"

	"github.com/rollcall-xmpp/rollcall/events"
)

// Announce stores an event of connectors, of which this one is the writer, unless
// the log says the same already: that this one holds its lease, or that the one that
// the event is about has ended. known is what is known of that, and may be behind
// the log. Any number of connectors may announce the same at once; it is stored
// once.
//
// A nil error means that the log says it. Errors are as of Do, within whose time it
// ends, too. Announcements hold up no command.
func (s *Service) Announce(ctx context.Context, known *Leases, e events.Event) error {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	if !s.announcing.enter(ctx) {
		return fmt.Errorf("%w: earlier announcements take too long", events.ErrUnavailable)
	}
	defer s.announcing.leave()
	for range maxAttempts {
		if s.isSaid(known, e) {
			return nil
		}
		err := s.announce(ctx, known, e)
		if !isOvertaken(err) {
			return err
		}
		if known, err = s.readLeases(ctx, known); err != nil {
			return fmt.Errorf("announce %s: %w", e.Kind(), err)
		}
	}
	return ErrContended
}

// readLeases brings what is known up to date.
func (s *Service) readLeases(ctx context.Context, known *Leases) (*Leases, error) {
	for st, err := range events.Intact(s.cfg.Log.Read(ctx, events.Range{Account: events.Connectors, After: known.seq()})) {
		if err != nil {
			return nil, err
		}
		known = ApplyLease(known, st)
	}
	return known, nil
}

// announce makes one attempt on top of the known records.
func (s *Service) announce(ctx context.Context, known *Leases, e events.Event) error {
	if s.fenced() {
		return ErrFenced
	}
	if err := s.resolveOpen(ctx, &s.announcing, events.Connectors); err != nil {
		return err
	}
	now := s.cfg.Clock()
	_, err := s.append(ctx, &s.announcing, &events.Record{
		ID: events.NewEventID(now), JID: events.Connectors, Time: now.UnixNano(),
		Connector: s.cfg.Connector, Prev: known.seq(), Event: e,
	})
	return err
}

// isSaid reports that the event would say nothing new.
func (s *Service) isSaid(known *Leases, e events.Event) bool {
	switch e := e.(type) {
	case events.ConnectorStarted:
		return known.Holds(s.cfg.Connector)
	case events.ConnectorLost:
		return known.HasEnded(e.Lost)
	}
	return known.HasEnded(s.cfg.Connector)
}

// seq is the condition of the next append.
func (l *Leases) seq() events.Seq {
	if l == nil {
		return 0
	}
	return l.Seq
}
