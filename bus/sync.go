package bus

import (
	"bytes"
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/rollcall-xmpp/rollcall/bus/commit"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/events/measure"
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
	bucketStream(tokensBucket), bucketStream(serviceBucket), bucketStream(bansBucket), auditStream,
}

// syncSubject is where a process that embeds a server is asked to sync a stream,
// whose name is the request. An answer without data says that it has.
const syncSubject = "rc.v1.sync"

// A waiter waits for a sync.
type waiter interface{ synced(err error) }

// syncs are those of each stream. The map is not changed.
type syncs struct {
	b       *Bus
	local   Syncer // nil if the server is not in this process
	streams map[string]*syncing
	times   *measure.Histogram
	failed  atomic.Uint64
}

// A syncing is the group that waits for the syncs of one stream.
type syncing struct {
	*commit.Group[waiter]
	stream string
	local  bool // the server is in this process
	// failure is what the last sync of the stream ended with, nil if it succeeded. A
	// disk that has failed once is not believed again (see natsd.Server.Sync), so it
	// stays. One of a process that could not be asked is over when it answers.
	failure atomic.Pointer[error]
}

func newSyncs(b *Bus) *syncs {
	s := &syncs{b: b, streams: make(map[string]*syncing, len(synced)), times: measure.NewHistogram(
		time.Millisecond/4, time.Millisecond, 2*time.Millisecond, 5*time.Millisecond, 10*time.Millisecond,
		25*time.Millisecond, 100*time.Millisecond, 500*time.Millisecond, 2*time.Second)}
	s.local, _ = b.cfg.InProcess.(Syncer)
	for _, stream := range synced {
		of := &syncing{stream: stream, local: s.local != nil}
		of.Group = commit.NewGroup(func() error { return s.sync(of) }, waiter.synced)
		s.streams[stream] = of
	}
	return s
}

// after is what a stream's acknowledgement leads to; nil if it is enough by itself.
func (s *syncs) after(stream string) *syncing {
	if !s.b.asks.Load() {
		return nil
	}
	return s.streams[stream]
}

func (s *syncs) sync(of *syncing) error {
	begin := time.Now()
	err := s.syncNow(of.stream)
	s.times.Observe(time.Since(begin))
	if err != nil {
		s.failed.Add(1)
		of.failure.Store(&err)
	} else if of.failure.Load() != nil {
		of.failure.Store(nil)
	}
	return err
}

// diskSaid begins what another process is answered, as ErrDisk does here.
var diskSaid = []byte(events.ErrDisk.Error() + ": ")

func (s *syncs) syncNow(stream string) error {
	if s.local != nil {
		if err := s.local.Sync(stream); err != nil {
			return fmt.Errorf("%w: sync stream %s: %w", events.ErrDisk, stream, err)
		}
		return nil
	}
	answer, err := s.b.rpc.do(context.Background(), &nats.Msg{Subject: syncSubject, Data: []byte(stream)})
	switch {
	case err != nil:
		return fmt.Errorf("ask for a sync of stream %s: %w", stream, err)
	case answer.Header.Get(statusHeader) == statusNoResponder:
		return fmt.Errorf("ask for a sync of stream %s: the process that embeds the server does not answer yet", stream)
	case len(answer.Data) > 0:
		return fmt.Errorf("%w: %s", events.ErrDisk, bytes.TrimPrefix(answer.Data, diskSaid))
	}
	return nil
}

// answer answers other processes. The subscription ends with the connection.
func (s *syncs) answer() error {
	if s.local == nil || !s.b.asks.Load() {
		return nil
	}
	_, err := s.b.nc.Subscribe(syncSubject, func(m *nats.Msg) {
		if g := s.streams[string(m.Data)]; g != nil {
			g.Add((*asked)(m), 0)
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

// settle makes sure that a message that was read from a stream stays there. It is for
// messages that were perhaps never acknowledged. Errors wrap events.ErrUnavailable.
func (b *Bus) settle(ctx context.Context, stream string, seq uint64) error {
	g := b.syncs.after(stream)
	if g == nil {
		return nil
	}
	_, err := g.settle(ctx, seq, seq)
	return err
}

// settle waits until all up to a sequence is on disk. written is what is known to be in
// the stream. It reports whether that took a sync that began after the call.
func (g *syncing) settle(ctx context.Context, seq, written uint64) (began bool, err error) {
	done := make(settled, 1)
	began = g.await(done, seq, written)
	return began, done.wait(ctx)
}

// await has w told when all up to a sequence is on disk, as settle. Only where the
// server is in this process can a sync serve it that began before: elsewhere another
// server may have come meanwhile, with another history.
func (g *syncing) await(w waiter, seq, written uint64) (begins bool) {
	if g.local {
		return g.Await(w, seq, written)
	}
	g.Add(w, 0)
	return true
}

// syncAnew waits for a sync that begins from now on.
func (g *syncing) syncAnew(ctx context.Context) error {
	done := make(settled, 1)
	g.Add(done, 0)
	return done.wait(ctx)
}

type settled chan error

func (s settled) synced(err error) { s <- err }

func (s settled) wait(ctx context.Context) error {
	select {
	case err := <-s:
		if err != nil {
			return fmt.Errorf("%w: %w", events.ErrUnavailable, err)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", events.ErrUnavailable, ctx.Err())
	}
}

// mayStore refuses what is to be stored in a stream whose last sync failed, before it
// is sent, unless the disk turns out to sync again: once it is written nobody could
// tell what became of it. Errors wrap events.ErrUnavailable.
func (g *syncing) mayStore(ctx context.Context) error {
	if g == nil || g.failure.Load() == nil {
		return nil
	}
	return g.syncAnew(ctx)
}

// Unsynced returns why one of the streams takes nothing more: its last sync failed,
// and fails again. nil: all take what comes. Nothing is synced while nothing has failed.
func (b *Bus) Unsynced(ctx context.Context) error {
	for _, stream := range synced {
		g := b.syncs.after(stream)
		if err := g.mayStore(ctx); err == nil {
			continue
		}
		if failure := g.failure.Load(); failure != nil {
			return *failure
		}
	}
	return nil
}
