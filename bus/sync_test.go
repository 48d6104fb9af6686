package bus_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/bus/natsd"
	"github.com/rollcall-xmpp/rollcall/events"
)

// A slowDisk is a server whose syncs wait to be let through, and are counted.
type slowDisk struct {
	*natsd.Server
	allow chan error // what the next sync ends with, nil: what it does; closed: all may go on

	mu    sync.Mutex
	calls map[string]int // guarded; by stream
}

func newSlowDisk(t *testing.T) *slowDisk {
	s := serve(t, natsd.Options{Fsync: "always", Listen: "127.0.0.1:0"})
	return &slowDisk{Server: s, allow: make(chan error), calls: make(map[string]int)}
}

func (d *slowDisk) Sync(stream string) error {
	d.mu.Lock()
	d.calls[stream]++
	d.mu.Unlock()
	if err := <-d.allow; err != nil {
		return err
	}
	return d.Server.Sync(stream)
}

func (d *slowDisk) count(stream string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.calls[stream]
}

// await waits until something holds.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	ctx, tick := within(t), time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("%s: never", what)
		}
	}
}

// written waits until the log has n records, on disk or not.
func written(t *testing.T, b *bus.Bus, n events.Seq) {
	t.Helper()
	await(t, fmt.Sprintf("%d records", n), func() bool {
		info, err := b.Log().Info(within(t))
		return err == nil && info.Last == n
	})
}

func account(i int) events.JID { return events.StoredJID(fmt.Sprintf("user%d@example.org", i)) }

// appendAll appends the first record of n accounts at the same time.
func appendAll(ctx context.Context, l events.Log, n int) *errgroup.Group {
	var g errgroup.Group
	for i := range n {
		g.Go(func() error {
			_, err := l.Append(ctx, record(account(i), 0, ""))
			return err
		})
	}
	return &g
}

func TestALogThatSyncsKeepsTheContract(t *testing.T) {
	t.Parallel()
	bustest.TestLog(t, func(t *testing.T) events.Log {
		return connect(t, bus.Config{InProcess: serve(t, natsd.Options{Fsync: "always"})}).Log()
	})
}

func TestALogThatAnotherProcessSyncsKeepsTheContract(t *testing.T) {
	t.Parallel()
	bustest.TestLog(t, func(t *testing.T) events.Log {
		s := serve(t, natsd.Options{Fsync: "always", Listen: "127.0.0.1:0"})
		connect(t, bus.Config{InProcess: s})
		return connect(t, bus.Config{URL: s.URL(), Credentials: keyOf(s)}).Log()
	})
}

func TestAppendsAtTheSameTimeShareASync(t *testing.T) {
	t.Parallel()
	const n = 200
	disk := newSlowDisk(t)
	b := connect(t, bus.Config{InProcess: disk})
	first := appendAll(within(t), b.Log(), 1)
	await(t, "a sync", func() bool { return disk.count("RC_EV") == 1 })
	others := make(chan error, 1)
	go func() {
		var g errgroup.Group
		for i := range n {
			g.Go(func() error {
				_, err := b.Log().Append(within(t), record(account(1000+i), 0, ""))
				return err
			})
		}
		others <- g.Wait()
	}()
	written(t, b, n+1)
	select {
	case <-others:
		t.Fatal("all were acknowledged during a sync that had begun before them")
	default:
	}
	disk.allow <- nil
	must(t, first.Wait())
	close(disk.allow)
	must(t, <-others)
	// The last ones' acknowledgements may have been on their way still.
	if calls := disk.count("RC_EV"); calls > 4 {
		t.Errorf("%d syncs of %d records", calls, n+1)
	}
}

func TestNothingIsAcknowledgedBeforeItsSync(t *testing.T) {
	t.Parallel()
	disk := newSlowDisk(t)
	b := connect(t, bus.Config{InProcess: disk})
	done := make(chan struct{})
	g := appendAll(within(t), b.Log(), 1)
	go func() { g.Wait(); close(done) }()
	written(t, b, 1)
	await(t, "a sync", func() bool { return disk.count("RC_EV") == 1 })
	select {
	case <-done:
		t.Error("it was acknowledged")
	default:
	}
	disk.allow <- nil
	<-done
	must(t, g.Wait())
}

func TestAConflictFailsOnlyItsOwnAppend(t *testing.T) {
	t.Parallel()
	disk := newSlowDisk(t)
	b := connect(t, bus.Config{InProcess: disk})
	g := appendAll(within(t), b.Log(), 10)
	written(t, b, 10)
	if _, err := b.Log().Append(within(t), record(account(3), 0, "again")); !errors.Is(err, events.ErrConflict) {
		t.Errorf("%v", err)
	}
	close(disk.allow)
	must(t, g.Wait())
}

func TestASyncThatFailsLeavesTheOutcomeUnknown(t *testing.T) {
	t.Parallel()
	disk := newSlowDisk(t)
	b := connect(t, bus.Config{InProcess: disk})
	g := appendAll(within(t), b.Log(), 1)
	disk.allow <- errors.New("input/output error")
	if err := g.Wait(); !errors.Is(err, events.ErrUnresolved) {
		t.Errorf("append: %v", err)
	}
	// It can be read, and must not be taken for stored.
	looked := make(chan error, 1)
	go func() {
		_, err := b.Log().Next(within(t), account(0), 0)
		looked <- err
	}()
	disk.allow <- errors.New("input/output error")
	if err := <-looked; !errors.Is(err, events.ErrUnavailable) {
		t.Errorf("next: %v", err)
	}
	ctx, cancel := context.WithCancel(within(t))
	put := make(chan error, 1)
	go func() {
		_, err := b.Rosters().Put(ctx, alice, nil, 0)
		put <- err
	}()
	for range 3 { // it is found in the bucket, and synced again
		disk.allow <- errors.New("input/output error")
	}
	cancel()
	if err := <-put; !errors.Is(err, events.ErrUnresolved) {
		t.Errorf("put: %v", err)
	}
	close(disk.allow)
}

// Once it is written nobody could tell what became of it, so it is not sent.
func TestAStreamWhoseSyncFailedTakesNothingBeforeOneSucceeds(t *testing.T) {
	t.Parallel()
	disk := newSlowDisk(t)
	b := connect(t, bus.Config{InProcess: disk})
	if err := b.Unsynced(within(t)); err != nil || disk.count("RC_EV") != 0 {
		t.Errorf("before: %v, %d syncs", err, disk.count("RC_EV"))
	}
	g := appendAll(within(t), b.Log(), 1)
	disk.allow <- errors.New("input/output error")
	if err := g.Wait(); !errors.Is(err, events.ErrUnresolved) {
		t.Errorf("the one that waited for it: %v", err)
	}
	for _, do := range []func() error{
		func() error { _, err := b.Log().Append(within(t), record(bob, 0, "")); return err },
		func() error { return b.Unsynced(within(t)) },
	} {
		done := make(chan error, 1)
		go func() { done <- do() }()
		disk.allow <- errors.New("input/output error")
		if err := <-done; !errors.Is(err, events.ErrDisk) || !strings.Contains(err.Error(), "RC_EV: input/output error") {
			t.Errorf("afterwards: %v", err)
		}
	}
	if info, err := b.Log().Info(within(t)); err != nil || info.Last != 1 {
		t.Errorf("the log has %d records, %v", info.Last, err)
	}
	close(disk.allow)
	if _, err := b.Log().Append(within(t), record(bob, 0, "")); err != nil {
		t.Errorf("on a disk that syncs again: %v", err)
	}
	if err := b.Unsynced(within(t)); err != nil {
		t.Errorf("on a disk that syncs again: %v", err)
	}
}

func TestEveryWriteThatMattersIsSynced(t *testing.T) {
	t.Parallel()
	disk := newSlowDisk(t)
	close(disk.allow)
	b := connect(t, bus.Config{InProcess: disk})
	var docs []events.Document
	for _, write := range []struct {
		stream string
		do     func(context.Context) error
	}{
		{"RC_EV", func(ctx context.Context) error {
			_, err := b.Log().Append(ctx, record(alice, 0, ""))
			return err
		}},
		{"RC_LEASE", func(ctx context.Context) error {
			_, err := b.Leases().Acquire(ctx, bus.LeaseRequest{Name: "c1", Instance: "i"})
			return err
		}},
		{"RC_WAITING", func(ctx context.Context) error { return b.Waiting().Store(ctx, alice, nil) }},
		{"KV_RC_ACCOUNTS", func(ctx context.Context) error {
			_, err := b.Accounts().Put(ctx, alice, nil, 0)
			return err
		}},
		{"KV_RC_BLOCKED", func(ctx context.Context) error {
			_, err := b.Blocked().Put(ctx, alice, nil, 0)
			return err
		}},
		{"KV_RC_PRIVATE", func(ctx context.Context) error {
			_, err := b.Private().Put(ctx, alice, nil, 0)
			return err
		}},
		{"KV_RC_ROSTERS", func(ctx context.Context) error {
			docs = append(docs, events.Document{JID: alice}, events.Document{JID: bob})
			for _, err := range b.Rosters().PutAll(ctx, func(yield func(events.Document) bool) {
				_ = yield(docs[0]) && yield(docs[1])
			}) {
				if err != nil {
					return err
				}
			}
			return nil
		}},
	} {
		before := disk.count(write.stream)
		if err := write.do(within(t)); err != nil || disk.count(write.stream) == before {
			t.Errorf("%s: %d syncs after, %d before, %v", write.stream, disk.count(write.stream), before, err)
		}
	}
}

func TestAnotherProcessAsksForTheSync(t *testing.T) {
	t.Parallel()
	disk := newSlowDisk(t)
	here := connect(t, bus.Config{InProcess: disk})
	there := connect(t, bus.Config{URL: disk.URL(), Credentials: keyOf(disk.Server), AttemptTimeout: patience})
	g := appendAll(within(t), there.Log(), 20)
	written(t, here, 20)
	await(t, "a sync", func() bool { return disk.count("RC_EV") == 1 })
	disk.allow <- nil
	close(disk.allow)
	must(t, g.Wait())
	here.Close()
	if _, err := there.Log().Append(within(t), record(bob, 0, "")); !errors.Is(err, events.ErrUnresolved) {
		t.Errorf("with nobody who syncs: %v", err)
	}
}

func TestASyncThatFailsElsewhereIsToldToWhoeverAsked(t *testing.T) {
	t.Parallel()
	disk := newSlowDisk(t)
	connect(t, bus.Config{InProcess: disk})
	there := connect(t, bus.Config{URL: disk.URL(), Credentials: keyOf(disk.Server)})
	g := appendAll(within(t), there.Log(), 1)
	disk.allow <- errors.New("input/output error")
	if err := g.Wait(); !errors.Is(err, events.ErrUnresolved) {
		t.Errorf("%v", err)
	}
	close(disk.allow)
}

// A process that was connected before finds out that the server that is there now
// wants to be asked.
func TestAServerThatComesBackSyncing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := serve(t, natsd.Options{DataDir: dir, Listen: "127.0.0.1:0"})
	here := connect(t, bus.Config{InProcess: s})
	address := s.URL()[len("nats://"):]
	there := connect(t, bus.Config{URL: s.URL(), Credentials: keyOf(s)})
	must(t, appendAll(within(t), there.Log(), 1).Wait())
	here.Close()
	s.Shutdown()
	s = serve(t, natsd.Options{DataDir: dir, Listen: address, Fsync: "always"})
	await(t, "an answer", func() bool {
		_, err := there.Log().Append(within(t), record(bob, 0, ""))
		if err == nil {
			t.Error("it was acknowledged, and nobody has synced it")
		}
		return !errors.Is(err, events.ErrUnavailable)
	})
	connect(t, bus.Config{InProcess: s})
	await(t, "an append", func() bool {
		_, err := there.Log().Append(within(t), record(alice, 0, ""))
		return err == nil || errors.Is(err, events.ErrConflict)
	})
	if _, err := there.Log().Next(within(t), alice, 0); err != nil {
		t.Error(err)
	}
}

// What a follower gets has happened: it shows it to clients, and decides by it.
func TestNobodyFollowsWhatMayBeLost(t *testing.T) {
	t.Parallel()
	disk := newSlowDisk(t)
	b := connect(t, bus.Config{InProcess: disk})
	appended := appendAll(within(t), b.Log(), 1)
	written(t, b, 1)
	got := make(chan events.Seq, 1)
	go func() { // ends with the test
		for st, err := range b.Log().Follow(within(t), 0) {
			if err == nil {
				got <- st.Seq
				return
			}
		}
	}()
	for n := 1; n <= 2; n++ {
		await(t, "a sync", func() bool { return disk.count("RC_EV") == n })
		select {
		case seq := <-got:
			t.Fatalf("it got record %d after %d syncs that failed", seq, n-1)
		default:
		}
		disk.allow <- errors.New("input/output error")
	}
	if err := appended.Wait(); !errors.Is(err, events.ErrUnresolved) {
		t.Errorf("append: %v", err)
	}
	close(disk.allow)
	if seq := <-got; seq != 1 {
		t.Errorf("it got record %d", seq)
	}
}

// A follower that waited for a sync of its own would be a sync behind the writer, which
// waits for the follower, and the disk would have twice the work.
func TestAFollowerIsServedByTheSyncOfTheWriter(t *testing.T) {
	t.Parallel()
	const n = 50
	disk := newSlowDisk(t)
	close(disk.allow)
	b := connect(t, bus.Config{InProcess: disk})
	got := make(chan events.Seq)
	ctx, stop := context.WithCancel(within(t))
	defer stop()
	go func() {
		for st, err := range b.Log().Follow(ctx, 0) {
			if err == nil {
				got <- st.Seq
			}
		}
	}()
	for i := range n {
		at, err := b.Log().Append(within(t), record(account(i), 0, ""))
		must(t, err)
		if seq := <-got; seq != at.Seq {
			t.Fatalf("it got record %d after %d", seq, at.Seq)
		}
	}
	if calls := disk.count("RC_EV"); calls > n {
		t.Errorf("%d syncs of %d records", calls, n)
	}
}

// Otherwise the table could get no more records a second than the disk can sync.
func TestASyncServesAllThatAFollowerWasSentBeforeIt(t *testing.T) {
	t.Parallel()
	const n = 50
	disk := newSlowDisk(t)
	b := connect(t, bus.Config{InProcess: disk})
	all := make(chan struct{})
	go func() { // ends with the test
		for st, err := range b.Log().Follow(within(t), 0) {
			if err == nil && st.Seq == n {
				close(all)
				return
			}
		}
	}()
	var appended errgroup.Group
	for i := range n { // one after the other, so that none is on its way when another comes
		appended.Go(func() error {
			_, err := b.Log().Append(within(t), record(account(i), 0, ""))
			return err
		})
		written(t, b, events.Seq(i+1))
	}
	close(disk.allow)
	<-all
	must(t, appended.Wait())
	if calls := disk.count("RC_EV"); calls > n/5 {
		t.Errorf("%d syncs of %d records", calls, n)
	}
}
