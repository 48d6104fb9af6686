package bus

import (
	"context"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus/bustest"
)

// frozenLease is a lease whose holder has just been frozen for a minute, and goes on.
func frozenLease(t *testing.T, server *bustest.Server) (*Bus, *Lease) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	b, err := Connect(ctx, Config{URL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	l, err := b.Leases().Acquire(ctx, LeaseRequest{Name: "c1", Instance: "one"})
	if err != nil {
		t.Fatal(err)
	}
	if !l.Confirm(ctx) {
		t.Error("the lease of a process that was never frozen is not sure")
	}
	l.mu.Lock()
	l.pulse.beaten = time.Now().Add(-time.Minute)
	l.mu.Unlock()
	return b, l
}

// soon bounds the wait for a server that is there.
func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func TestAProcessThatWasFrozenWaitsUntilItHasRenewedItsLease(t *testing.T) {
	t.Parallel()
	_, l := frozenLease(t, bustest.StartServer(t))
	brief, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if l.Confirm(brief) {
		t.Error("it goes on at once")
	}
	go l.Run(soon(t))
	begun := time.Now()
	if !l.Confirm(soon(t)) {
		t.Error("its lease is lost")
	}
	if took := time.Since(begun); took > renewEvery/2 {
		t.Errorf("it renewed its lease after %s", took)
	}
}

func TestAProcessThatWasFrozenAndTakenForDeadDoesNotGoOn(t *testing.T) {
	t.Parallel()
	b, l := frozenLease(t, bustest.StartServer(t))
	alive, err := b.Leases().Alive(soon(t))
	if err != nil || len(alive) != 1 {
		t.Fatalf("alive: %+v, %v", alive, err)
	}
	if err := b.Leases().Revoke(soon(t), alive[0]); err != nil {
		t.Fatal(err)
	}
	go l.Run(soon(t))
	if l.Confirm(soon(t)) {
		t.Error("it goes on with a lease that was revoked")
	}
}

func TestARenewalFromBeforeItWasFrozenConfirmsNothing(t *testing.T) {
	t.Parallel()
	before := time.Now()
	p := newPulse()
	p.beaten = before.Add(-time.Minute)
	p.look()
	if p.confirm(before); p.frozen.IsZero() {
		t.Error("it is sure")
	}
	if p.confirm(time.Now().Add(time.Millisecond)); !p.frozen.IsZero() {
		t.Error("a renewal after it does not make it sure")
	}
}

// The monotonic clock stands still while the machine is suspended.
func TestAMachineThatWasSuspendedIsFoundOutByTheOtherClock(t *testing.T) {
	t.Parallel()
	p := newPulse()
	p.beaten = time.Now().Round(0).Add(-time.Minute) // wall clock alone
	if p.look(); p.frozen.IsZero() {
		t.Error("nothing was noticed")
	}
}
