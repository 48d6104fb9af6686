package bus

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"rollcall/bus/commit"
	"rollcall/events"
	"rollcall/events/measure"
)

// The acknowledgement of an embedded server may say only that a message is written,
// and leave syncing it to the process that embeds it. The server's name says so; see
// package commit. Then a write returns when a sync has followed its acknowledgement,
// one for all that wait: by a call in that process, by a request to it from any other.
// If there is none, or it fails, the write's outcome is unknown; it may be repeated,
// and whoever finds it in the stream syncs before taking it for stored.

// A Syncer is an embedded server that leaves syncing to its process. Sync puts on
// disk what it has acknowledged of a stream. natsd.Server is one.
type Syncer interface{ Sync(stream string) error }

// synced are the streams whose messages must not be lost. Those of RC_PRE may, and
// nobody waits for them.
var synced = []string{
	logStream, leaseStream, waitingStream, frameStream,
	bucketStream(accountsBucket), bucketStream(rostersBucket), bucketStream(blockedBucket), bucketStream(privateBucket),
	bucketStream(tokensBucket), auditStream,
}

// syncSubject is where a process that embeds a server is asked to sync a stream,
// whose name is the request. An answer without data says that it has.
const syncSubject = "rc.v1.sync"

// A waiter waits for a sync.
type waiter interface{ synced(err error) }

// syncs are the groups that wait for the syncs of each stream. Its maps are not
// changed.
type syncs struct {
	b      *Bus
	local  Syncer // nil if the server is not in this process
	groups map[string]*commit.Group[waiter]
	times  *measure.Histogram
	failed atomic.Uint64
}

func newSyncs(b *Bus) *syncs {
	s := &syncs{b: b, groups: make(map[string]*commit.Group[waiter], len(synced)), times: measure.NewHistogram(
		time.Millisecond/4, time.Millisecond, 2*time.Millisecond, 5*time.Millisecond, 10*time.Millisecond,
		25*time.Millisecond, 100*time.Millisecond, 500*time.Millisecond, 2*time.Second)}
	s.local, _ = b.cfg.InProcess.(Syncer)
	for _, stream := range synced {
		s.groups[stream] = commit.NewGroup(func() error { return s.sync(stream) }, waiter.synced)
	}
	return s
}

// after is the group that a stream's acknowledgement leads to; nil if it is enough
// by itself.
func (s *syncs) after(stream string) *commit.Group[waiter] {
	if !s.b.asks.Load() {
		return nil
	}
	return s.groups[stream]
}

func (s *syncs) sync(stream string) error {
	begin := time.Now()
	err := s.syncNow(stream)
	s.times.Observe(time.Since(begin))
	if err != nil {
		s.failed.Add(1)
	}
	return err
}

func (s *syncs) syncNow(stream string) error {
	if s.local != nil {
		return s.local.Sync(stream)
	}
	answer, err := s.b.rpc.do(context.Background(), &nats.Msg{Subject: syncSubject, Data: []byte(stream)})
	switch {
	case err != nil:
		return fmt.Errorf("ask for a sync: %w", err)
	case answer.Header.Get(statusHeader) == statusNoResponder:
		return errors.New("the process that embeds the server does not answer yet")
	case len(answer.Data) > 0:
		return errors.New(string(answer.Data))
	}
	return nil
}

// answer answers other processes. The subscription ends with the connection.
func (s *syncs) answer() error {
	if s.local == nil || !s.b.asks.Load() {
		return nil
	}
	_, err := s.b.nc.Subscribe(syncSubject, func(m *nats.Msg) {
		if g := s.groups[string(m.Data)]; g != nil {
			g.Add((*asked)(m))
		} else {
			m.Respond([]byte("no such stream"))
		}
	})
	return err
}

// asked is the request of another process.
type asked nats.Msg

func (a *asked) synced(err error) {
	var text []byte
	if err != nil {
		text = []byte(err.Error())
	}
	(*nats.Msg)(a).Respond(text)
}

// lookWhoSyncs finds out whether the server that this is connected to now leaves
// syncing to its process.
func (b *Bus) lookWhoSyncs(nc *nats.Conn) { b.asks.Store(commit.Asks(nc.ConnectedServerName())) }

// settle makes sure that what was read from a stream stays there. It is for what
// was perhaps never acknowledged. Errors wrap events.ErrUnavailable.
func (b *Bus) settle(ctx context.Context, stream string) error {
	g := b.syncs.after(stream)
	if g == nil {
		return nil
	}
	done := make(settled, 1)
	g.Add(done)
	select {
	case err := <-done:
		if err != nil {
			return fmt.Errorf("%w: %w", events.ErrUnavailable, err)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", events.ErrUnavailable, ctx.Err())
	}
}

type settled chan error

func (s settled) synced(err error) { s <- err }
