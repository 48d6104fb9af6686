package bus_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/bus/natsd"
	"github.com/rollcall-xmpp/rollcall/events"
)

// back is how soon a follower has to go on after its server is back.
const back = 2 * time.Second

// write appends one record, however many attempts it takes.
func write(t testing.TB, ctx context.Context, l events.Log, prev events.Seq) events.Seq {
	t.Helper()
	return settle(t, ctx, l, record(alice, prev, fmt.Sprint(prev+1)))
}

func settle(t testing.TB, ctx context.Context, l events.Log, r *events.Record) events.Seq {
	t.Helper()
	for ctx.Err() == nil {
		if p, err := l.Append(ctx, r); err == nil {
			return p.Seq
		}
		if s, err := l.Next(ctx, alice, r.Prev); err == nil && s.ID == r.ID {
			return s.Seq
		}
	}
	t.Fatalf("the record after %d could not be written", r.Prev)
	return 0
}

// follower checks that no record is left out or repeated.
type follower struct {
	t           testing.TB
	next        func() (*events.Stored, error, bool)
	seq         events.Seq
	interrupted int
}

func follow(t testing.TB, ctx context.Context, l events.Log) *follower {
	next, stop := iter.Pull2(l.Follow(ctx, 0))
	t.Cleanup(stop)
	return &follower{t: t, next: next}
}

// to follows up to a sequence.
func (f *follower) to(seq events.Seq) {
	f.t.Helper()
	for f.seq < seq {
		s, err, ok := f.next()
		switch {
		case !ok:
			f.t.Fatalf("the follower ended at %d, before %d", f.seq, seq)
		case errors.Is(err, events.ErrUnavailable):
			f.interrupted++
		case err != nil:
			f.t.Fatal(err)
		case s.Seq != f.seq+1:
			f.t.Fatalf("record %d came after %d", s.Seq, f.seq)
		default:
			f.seq = s.Seq
		}
	}
}

func TestAFollowerGoesOnAfterItsServerWasKilled(t *testing.T) {
	t.Parallel()
	server := bustest.StartServer(t)
	ctx := within(t)
	b := connect(t, bus.Config{URL: server.URL})
	f := follow(t, ctx, b.Log())
	last := events.Seq(0)
	for range 5 {
		last = write(t, ctx, b.Log(), last)
	}
	for round := range 3 {
		f.to(last)
		server.Kill()
		if _, err := b.Log().Append(ctx, record(alice, last, "")); !errors.Is(err, events.ErrUnavailable) && !errors.Is(err, events.ErrUnresolved) {
			t.Errorf("append without a server: %v", err)
		}
		server.Start()
		start := time.Now()
		last = write(t, ctx, b.Log(), last)
		f.to(last)
		d := time.Since(start)
		t.Logf("round %d: %s after the server was back", round, d)
		if d > back {
			t.Errorf("the follower took %s to go on", d)
		}
	}
	if f.interrupted > 3 {
		t.Errorf("%d interruptions were reported, want one a kill at most", f.interrupted)
	}
}

func TestAFollowerGoesOnAfterItsServerWasSilent(t *testing.T) {
	t.Parallel()
	server := bustest.StartServer(t)
	ctx := within(t)
	b := connect(t, bus.Config{URL: server.URL, AttemptTimeout: time.Second})
	f := follow(t, ctx, b.Log())
	last := write(t, ctx, b.Log(), 0)
	f.to(last)
	server.Freeze()
	r := record(alice, last, "late")
	if _, err := b.Log().Append(ctx, r); !errors.Is(err, events.ErrUnresolved) {
		t.Errorf("append to a silent server: %v", err)
	}
	server.Thaw()
	last = settle(t, ctx, b.Log(), r)
	if last != 2 {
		t.Errorf("the late record is stored at %d", last)
	}
	last = write(t, ctx, b.Log(), last)
	f.to(last)
}

func TestAFollowerStopsWhenTheStreamWasMadeAnew(t *testing.T) {
	t.Parallel()
	server := bustest.StartServer(t)
	ctx := within(t)
	b := connect(t, bus.Config{URL: server.URL})
	write(t, ctx, b.Log(), 0)
	var got error
	for s, err := range b.Log().Follow(ctx, 0) {
		if got = err; err != nil {
			continue
		}
		if s.Seq != 1 {
			t.Fatalf("record %d of the new stream was given", s.Seq)
		}
		_, js := raw(t, server.URL)
		must(t, js.DeleteStream(ctx, "RC_EV"))
		other := connect(t, bus.Config{URL: server.URL})
		write(t, ctx, other.Log(), write(t, ctx, other.Log(), 0))
	}
	if !errors.Is(got, events.ErrRewound) {
		t.Errorf("the follower ended with %v", got)
	}
}

// full is how many records fill writes: more than are on their way to a reader at
// once.
const full = 40_000

func fill(t *testing.T, js jetstream.JetStream) {
	t.Helper()
	for i := range full {
		r := record(user(i), 0, "")
		_, err := js.PublishMsgAsync(&nats.Msg{Subject: subject(user(i)), Data: r.Append(nil)}, jetstream.WithStallWait(patience))
		must(t, err)
	}
	<-js.PublishAsyncComplete()
}

// A read that has begun waits out an interruption, as a follower does.
func TestAReadGoesOnAfterItsServerWasAway(t *testing.T) {
	t.Parallel()
	server := bustest.StartServer(t)
	b := connect(t, bus.Config{URL: server.URL})
	_, js := raw(t, server.URL)
	fill(t, js)
	ctx := within(t)
	read := 0
	for s, err := range b.Log().Read(ctx, events.Range{}) {
		must(t, err)
		if read++; int(s.Seq) != read {
			t.Fatalf("record %d was read in place %d", s.Seq, read)
		}
		if read == 100 {
			server.Kill()
			server.Start()
		}
	}
	if read != full {
		t.Errorf("%d records were read", read)
	}
}

// Whoever reads a span page by page is not sent the pages before again.
func TestAReadOfASpanBeginsAfterWhatWasReadOfIt(t *testing.T) {
	t.Parallel()
	ctx := within(t)
	b := embedded(t)
	var last events.Seq
	for i := range 300 {
		at, err := b.Log().Append(ctx, record(user(0), last, strconv.Itoa(i)))
		must(t, err)
		last = at.Seq
	}
	begun := b.Received()
	for s, err := range b.Log().Read(ctx, events.Range{Since: time.Now().Add(-time.Hour), After: last - 2}) {
		must(t, err)
		if s.Seq <= last-2 {
			t.Errorf("record %d was read", s.Seq)
		}
	}
	if got := b.Received() - begun; got > 50 {
		t.Errorf("the server sent %d messages for 2 records", got)
	}
}

// Whoever reads a few records out of many is not sent those behind them.
func TestAReadAsksForNoMoreThanItNeeds(t *testing.T) {
	t.Parallel()
	server := serve(t, natsd.Options{Listen: "127.0.0.1:0"})
	b := connect(t, bus.Config{InProcess: server})
	_, js := raw(t, server.URL(), server.Login())
	fill(t, js)
	ctx := within(t)
	begun, read := b.Received(), 0
	for s, err := range b.Log().Read(ctx, events.Range{After: 100, To: 300}) {
		must(t, err)
		if read++; s.Seq != events.Seq(100+read) {
			t.Fatalf("record %d was read in place %d", s.Seq, read)
		}
	}
	if got := b.Received() - begun; read != 200 || got > 250 {
		t.Errorf("%d records were read, and the server sent %d messages for that", read, got)
	}
}

func TestAFollowerGoesOnWhenItsConsumerIsRemoved(t *testing.T) {
	t.Parallel()
	server := bustest.StartServer(t)
	b := connect(t, bus.Config{URL: server.URL})
	_, js := raw(t, server.URL)
	fill(t, js)
	ctx := within(t)
	stream, err := js.Stream(ctx, "RC_EV")
	must(t, err)
	f := follow(t, ctx, b.Log())
	for _, stop := range []events.Seq{1, 100, full / 2, full} {
		f.to(stop)
		removed := 0
		for name := range stream.ConsumerNames(ctx).Name() {
			must(t, stream.DeleteConsumer(ctx, name))
			removed++
		}
		if removed > 1 { // none if it hasn't come yet to where it misses the last one
			t.Errorf("at %d the follower had %d consumers", stop, removed)
		}
	}
	write(t, ctx, b.Log(), 0)
	f.to(full + 1)
	read := 0
	for s, err := range b.Log().Read(ctx, events.Range{}) {
		must(t, err)
		if read++; int(s.Seq) != read {
			t.Fatalf("record %d was read in place %d", s.Seq, read)
		}
	}
	if read != full+1 {
		t.Errorf("%d records were read", read)
	}
}

func TestAFollowerEndsWithItsBus(t *testing.T) {
	t.Parallel()
	b := embedded(t)
	write(t, within(t), b.Log(), 0)
	for range b.Log().Follow(within(t), 0) {
		b.Close()
	}
}

func TestPoisonInTheStreamIsPassedOver(t *testing.T) {
	t.Parallel()
	server := bustest.StartServer(t)
	ctx := within(t)
	b := connect(t, bus.Config{URL: server.URL})
	_, js := raw(t, server.URL)
	write(t, ctx, b.Log(), 0)
	info, err := js.Stream(ctx, "RC_EV")
	must(t, err)
	m, err := info.GetMsg(ctx, 1)
	must(t, err)
	_, err = js.Publish(ctx, m.Subject, []byte("not a record"))
	must(t, err)
	write(t, ctx, b.Log(), 2)

	for name, records := range map[string]iter.Seq2[*events.Stored, error]{
		"follow": b.Log().Follow(ctx, 0), "read": b.Log().Read(ctx, events.Range{}), "read the account": b.Log().Read(ctx, events.Range{Account: alice}),
	} {
		n := 0
		for s, err := range records {
			n++
			var poison *events.PoisonError
			if n == 2 && (!errors.As(err, &poison) || poison.Seq != 2 || string(poison.Data) != "not a record") {
				t.Errorf("%s: record 2: %v", name, err)
			}
			if n != 2 && (err != nil || int(s.Seq) != n) {
				t.Errorf("%s: record %d: %v", name, n, err)
			}
			if n == 3 {
				break
			}
		}
		if n != 3 {
			t.Errorf("%s gave %d records", name, n)
		}
	}
	var poison *events.PoisonError
	if _, err := b.Log().Next(ctx, alice, 1); !errors.As(err, &poison) {
		t.Errorf("next: %v", err)
	}
}

// Whoever else may publish to the stream may repeat a record on any subject.
func TestARecordAmongAnotherAccountsIsPoison(t *testing.T) {
	t.Parallel()
	server := bustest.StartServer(t)
	ctx := within(t)
	b := connect(t, bus.Config{URL: server.URL})
	_, js := raw(t, server.URL)
	write(t, ctx, b.Log(), 0)
	_, err := b.Log().Append(ctx, record(bob, 0, "bob's"))
	must(t, err)
	info, err := js.Stream(ctx, "RC_EV")
	must(t, err)
	alices, err := info.GetMsg(ctx, 1)
	must(t, err)
	bobs, err := info.GetMsg(ctx, 2)
	must(t, err)
	_, err = js.Publish(ctx, bobs.Subject, alices.Data)
	must(t, err)
	_, err = js.Publish(ctx, "rc.v1.ev.other.localhost.alice", alices.Data)
	must(t, err)
	write(t, ctx, b.Log(), 1)

	for name, records := range map[string]iter.Seq2[*events.Stored, error]{
		"follow": b.Log().Follow(ctx, 0), "read": b.Log().Read(ctx, events.Range{}),
	} {
		var poisoned []events.Seq
		for s, err := range records {
			if poison, is := errors.AsType[*events.PoisonError](err); is {
				poisoned = append(poisoned, poison.Seq)
			}
			if err == nil && s.Seq == 5 {
				break
			}
		}
		if !slices.Equal(poisoned, []events.Seq{3, 4}) {
			t.Errorf("%s: poison at %d, want 3 and 4", name, poisoned)
		}
	}
	if _, err := b.Log().Next(ctx, bob, 2); !events.IsPoison(err) {
		t.Errorf("next of bob: %v", err)
	}
	if _, err := b.Log().Last(ctx, bob); !events.IsPoison(err) {
		t.Errorf("last of bob: %v", err)
	}
}
