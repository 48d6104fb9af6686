package bus_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/bus/natsd"
	"github.com/rollcall-xmpp/rollcall/events"
)

func TestAttemptsToAppendAreCountedByOutcome(t *testing.T) {
	t.Parallel()
	b, ctx := embedded(t), within(t)
	alice := events.StoredJID("alice@localhost")
	at, err := b.Log().Append(ctx, record(alice, 0, "one"))
	must(t, err)
	b.Log().Append(ctx, record(alice, 0, "late"))
	over, cancel := context.WithCancel(ctx)
	cancel()
	b.Log().Append(over, record(alice, at.Seq, "never"))
	for outcome, want := range map[bus.Outcome]uint64{bus.Stored: 1, bus.Conflict: 1, bus.Unavailable: 1, bus.Refused: 0, bus.Unresolved: 0} {
		if r := b.Log().Appends(outcome); r.Count != want {
			t.Errorf("%s: %d, want %d", outcome, r.Count, want)
		}
	}
}

func TestTheServerIsAskedHowMuchItsStreamsHave(t *testing.T) {
	t.Parallel()
	b, ctx := embedded(t), within(t)
	at, err := b.Log().Append(ctx, record(events.StoredJID("alice@localhost"), 0, "one"))
	must(t, err)
	all, err := b.StreamStates(ctx)
	must(t, err)
	for _, s := range all {
		if s.Name != bus.LogStream {
			continue
		}
		if s.First != 1 || s.Last != uint64(at.Seq) || s.Records != 1 || s.Bytes == 0 || s.MaxBytes == 0 || s.FirstAt.IsZero() {
			t.Errorf("%+v", s)
		}
		stored, err := b.Log().StoredAt(ctx, at.Seq)
		if must(t, err); !stored.Equal(s.FirstAt) {
			t.Errorf("stored at %s, the stream begins at %s", stored, s.FirstAt)
		}
		return
	}
	t.Errorf("no %s among %+v", bus.LogStream, all)
}

// Whoever watches the beat must be able to tell a follower that hangs from one that
// has nothing to do and from one that is cut off.
func TestAFollowerBeatsWithNothingToDoAndWhenItIsCutOff(t *testing.T) {
	t.Parallel()
	server := bustest.StartServer(t)
	b := connect(t, bus.Config{URL: server.URL})
	ctx, stop := context.WithCancel(within(t))
	beats := make(chan struct{})
	log := b.Log().Beating(func() {
		select {
		case beats <- struct{}{}:
		case <-ctx.Done():
		}
	})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for range log.Follow(ctx, 0) {
		}
	}()
	await := func(when string) {
		for range 10 {
			select {
			case <-beats:
			case <-time.After(5 * time.Second):
				t.Fatalf("no beat %s", when)
			}
		}
	}
	await("of an empty log")
	server.Kill()
	await("without a server")
	stop()
	<-ended
}

func TestRenewalsAndLostLeasesAreCounted(t *testing.T) {
	t.Parallel()
	b, ctx := embedded(t), within(t)
	lease, err := b.Leases().Acquire(ctx, bus.LeaseRequest{Name: "c1", Instance: "i", TTL: 2 * time.Second})
	must(t, err)
	ended := make(chan error, 1)
	go func() { ended <- lease.Run(ctx) }()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range tick.C {
		times, failed, lost := b.Leases().Renewals()
		if failed+lost > 0 || ctx.Err() != nil {
			t.Fatalf("%d renewals, %d failed, %d lost", times.Count, failed, lost)
		}
		if times.Count > 1 {
			break
		}
	}
	alive, err := b.Leases().Alive(ctx)
	must(t, err)
	must(t, b.Leases().Revoke(ctx, alive[0]))
	<-ended
	if _, _, lost := b.Leases().Renewals(); lost != 1 {
		t.Errorf("%d leases were lost, want 1", lost)
	}
}

func TestMessagesThatAreRefusedForTooManyWaitAreCounted(t *testing.T) {
	t.Parallel()
	b, ctx := embedded(t), within(t)
	alice := events.StoredJID("alice@localhost")
	for range bus.MaxWaiting {
		must(t, b.Waiting().Store(ctx, alice, []byte("hello")))
	}
	if err := b.Waiting().Store(ctx, alice, []byte("one more")); !errors.Is(err, events.ErrFull) {
		t.Fatalf("one more: %v", err)
	}
	if n := b.Waiting().Refused(); n != 1 {
		t.Errorf("%d were refused, want 1", n)
	}
}

func TestSyncsAreCountedWhereTheServerSyncsAlways(t *testing.T) {
	t.Parallel()
	for fsync, want := range map[string]bool{"always": true, "1s": false} {
		b := connect(t, bus.Config{InProcess: serve(t, natsd.Options{Fsync: fsync})})
		_, err := b.Log().Append(within(t), record(events.StoredJID("alice@localhost"), 0, "one"))
		must(t, err)
		if times, failed := b.Syncs(); (times.Count > 0) != want || failed > 0 {
			t.Errorf("%s: %d syncs, %d failed", fsync, times.Count, failed)
		}
	}
}

func TestConnectionsThatAreMadeAgainAreCounted(t *testing.T) {
	t.Parallel()
	server := bustest.StartServer(t)
	changed := make(chan bool, 8)
	b := connect(t, bus.Config{URL: server.URL, OnState: func(up bool) { changed <- up }})
	if up, again := b.Connection(); !up || again != 0 {
		t.Errorf("connected: %v, again %d times", up, again)
	}
	if took, err := b.RoundTrip(within(t)); err != nil || took <= 0 {
		t.Errorf("there and back: %s, %v", took, err)
	}
	server.Kill()
	<-changed
	if up, _ := b.Connection(); up {
		t.Error("connected without a server")
	}
	if _, err := b.RoundTrip(within(t)); err == nil {
		t.Error("there and back without a server")
	}
	server.Start()
	<-changed
	if up, again := b.Connection(); !up || again != 1 {
		t.Errorf("connected: %v, again %d times", up, again)
	}
}
