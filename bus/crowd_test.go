package bus_test

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/natsd"
	"github.com/rollcall-xmpp/rollcall/events"
)

const (
	crowd = 24    // that read at the same time
	pages = 1_000 // large records that they all read
)

// A server closes a connection for which 64 MiB wait, and here each of 24 readers is 8 MiB behind.
func TestManyReadersFarBehindAGrowingLogHoldUpNobody(t *testing.T) {
	t.Parallel()
	server := serve(t, natsd.Options{Listen: "127.0.0.1:0"})
	var losses atomic.Int64
	b := connect(t, bus.Config{InProcess: server, OnError: func(err error) { t.Error(err) }, OnState: func(up bool) {
		if !up {
			losses.Add(1)
		}
	}})
	_, js := raw(t, server.URL(), server.Login())
	for i := range pages {
		size := 8 << 10
		if i == pages/2 {
			size = 400 << 10 // more than a reader's share
		}
		r := record(user(i), 0, strings.Repeat("x", size))
		_, err := js.PublishMsgAsync(&nats.Msg{Subject: subject(user(i)), Data: r.Append(nil)}, jetstream.WithStallWait(patience))
		must(t, err)
	}
	<-js.PublishAsyncComplete()
	ctx := within(t)
	lease, err := b.Leases().Acquire(ctx, bus.LeaseRequest{Name: "c1", Instance: "a"})
	must(t, err)
	holding, release := context.WithCancel(ctx)
	var work, readers sync.WaitGroup
	work.Go(func() {
		if err := lease.Run(holding); err != nil {
			t.Error(err)
		}
	})
	var grown atomic.Int64
	for range 16 {
		work.Go(func() {
			for holding.Err() == nil {
				if _, err := b.Log().Append(ctx, record(user(pages+int(grown.Add(1))), 0, "")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	f := follow(t, ctx, b.Log())
	readers.Go(func() { f.to(pages + 100) })
	for range crowd {
		readers.Go(func() { readAll(t, ctx, b, pages) })
	}
	readers.Wait()
	release()
	work.Wait()
	if n := losses.Load(); n > 0 {
		t.Errorf("the connection was lost %d times", n)
	}
	times, failed, lost := b.Leases().Renewals()
	if failed+lost > 0 {
		t.Errorf("the lease could not be renewed %d times, and was lost %d times", failed, lost)
	}
	appended := b.Log().Appends(bus.Stored)
	t.Logf("%d renewals took %.3f s, %d appends %.3f s", times.Count, times.Sum, appended.Count, appended.Sum)
}

// readAll reads the log from its beginning, which must have at least so many records.
func readAll(t testing.TB, ctx context.Context, b *bus.Bus, least events.Seq) {
	last := events.Seq(0)
	for s, err := range b.Log().Read(ctx, events.Range{}) {
		if err != nil || s.Seq != last+1 {
			t.Errorf("after record %d: %v", last, err)
			return
		}
		last = s.Seq
	}
	if last < least {
		t.Errorf("the last record is %d, of at least %d", last, least)
	}
}
