package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rollcall-xmpp/rollcall/events"
)

// How a death is noticed before the lease ends. A holder subscribes to a subject
// that its lease names; when its process dies its connection is closed, and from
// then on the servers say of that subject that nobody is there. A holder that is
// only slow, frozen or elsewhere in a partition has its subscription still, and
// nothing is known of it until its lease ends.

// probeTime is how long a holder may take to answer.
const probeTime = time.Second

// Missing reports that the holder of a lease has no connection, and has not
// renewed the lease since s. That happens for a moment to a holder that lives, when
// its server dies, so one look proves nothing: a holder that lives and has a
// connection renews the lease within some 2 s. An error, as while the stream of
// leases elects its leader, means that nothing is known.
func (l *Leases) Missing(ctx context.Context, s events.LeaseState) (bool, error) {
	if s.Probe == "" {
		return false, nil
	}
	probe, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	answer, err := l.b.rpc.do(probe, &nats.Msg{Subject: s.Probe})
	switch {
	case errors.Is(err, events.ErrUnresolved) && probe.Err() != nil && ctx.Err() == nil:
		return false, nil // it does not answer, but is there
	case err != nil:
		return false, fmt.Errorf("look for %s: %w", s.Incarnation, unread(ctx, err))
	case answer.Header.Get(statusHeader) != statusNoResponder:
		return false, nil
	}
	m, err := l.b.last(ctx, leaseStream, leaseSubject(s.Name))
	if err != nil && !errors.Is(err, events.ErrNotFound) {
		return false, fmt.Errorf("look for %s: %w", s.Incarnation, err)
	}
	return err == nil && m.Seq == s.Revision, nil
}

// answers reports that the holder of a lease is there for certain.
func (l *Leases) answers(ctx context.Context, s events.LeaseState) bool {
	if s.Probe == "" {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	answer, err := l.b.rpc.do(ctx, &nats.Msg{Subject: s.Probe})
	return err == nil && answer.Header.Get(statusHeader) != statusNoResponder
}

// Revoke ends a lease for everybody at once unless it was renewed after s, which
// gives events.ErrConflict. Its holder, if it lives, finds it lost when it renews
// it next.
func (l *Leases) Revoke(ctx context.Context, s events.LeaseState) error {
	data, err := json.Marshal(leaseMessage{
		Name: s.Name, Instance: s.Instance, Epoch: s.Epoch, Started: s.Started, TTL: s.TTL, Released: true,
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 4*l.b.cfg.AttemptTimeout)
	defer cancel()
	m := &nats.Msg{Subject: leaseSubject(s.Name), Data: data, Header: nats.Header{jetstream.MsgTTLHeader: {time.Second.String()}}}
	if _, _, err := l.b.compareAndSet(ctx, leaseStream, m, s.Revision, nil); err != nil {
		return fmt.Errorf("revoke the lease of %s: %w", s.Incarnation, err)
	}
	return nil
}
