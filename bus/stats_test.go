package bus_test

import (
	"context"
	"testing"
	"time"

	"rollcall/bus"
	"rollcall/bus/bustest"
	"rollcall/events"
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
