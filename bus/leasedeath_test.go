package bus_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/events"
)

// held is a name's lease as others see it.
func held(t testing.TB, b *bus.Bus, name string) events.LeaseState {
	t.Helper()
	alive, err := b.Leases().Alive(within(t))
	must(t, err)
	for _, s := range alive {
		if s.Name == name {
			return s
		}
	}
	t.Fatalf("nobody holds %s: %+v", name, alive)
	return events.LeaseState{}
}

func wantMissing(t testing.TB, b *bus.Bus, s events.LeaseState, want bool) {
	t.Helper()
	got, err := b.Leases().Missing(within(t), s)
	if err != nil || got != want {
		t.Errorf("%s is missing: %t, %v; want %t", s.Incarnation, got, err, want)
	}
}

// awaitMissing waits until the server has noticed that a connection is closed.
func awaitMissing(t testing.TB, b *bus.Bus, s events.LeaseState) {
	t.Helper()
	for ctx := within(t); ; {
		missing, err := b.Leases().Missing(ctx, s)
		if missing {
			return
		}
		must(t, err)
	}
}

func TestAHolderIsMissingWhenItsConnectionIsClosed(t *testing.T) {
	t.Parallel()
	server := bustest.StartServer(t)
	b := connect(t, bus.Config{URL: server.URL})
	holder, err := bus.Connect(within(t), bus.Config{URL: server.URL})
	must(t, err)
	acquire(t, holder, "c1", "one")
	s := held(t, b, "c1")
	wantMissing(t, b, s, false)
	holder.Close()
	awaitMissing(t, b, s)
}

func TestAHolderThatRenewedItsLeaseSinceIsNotMissing(t *testing.T) {
	t.Parallel()
	server := bustest.StartServer(t)
	b := connect(t, bus.Config{URL: server.URL})
	holder, err := bus.Connect(within(t), bus.Config{URL: server.URL})
	must(t, err)
	l := acquire(t, holder, "c1", "one")
	before := held(t, b, "c1")
	ctx, cancel := context.WithTimeout(within(t), shortest/2)
	defer cancel()
	must(t, l.Run(ctx))
	holder.Close()
	awaitMissing(t, b, held(t, b, "c1"))
	wantMissing(t, b, before, false)
	if err := b.Leases().Revoke(within(t), before); !errors.Is(err, events.ErrConflict) {
		t.Errorf("revoke a lease that was renewed: %v", err)
	}
}

func TestAHolderThatHasItsConnectionAndDoesNotAnswerIsNotMissing(t *testing.T) {
	t.Parallel()
	server := bustest.StartServer(t)
	b := connect(t, bus.Config{URL: server.URL})
	nc, _ := raw(t, server.URL)
	_, err := nc.Subscribe("frozen", func(*nats.Msg) {})
	must(t, err)
	must(t, nc.Flush())
	wantMissing(t, b, events.LeaseState{Incarnation: events.Incarnation{Name: "c1", Epoch: 1}, Probe: "frozen"}, false)
}

func TestNothingIsKnownOfAHolderWhileTheServerIsGone(t *testing.T) {
	t.Parallel()
	server := bustest.StartServer(t)
	b := connect(t, bus.Config{URL: server.URL})
	acquire(t, b, "c1", "one")
	s := held(t, b, "c1")
	server.Kill()
	if missing, err := b.Leases().Missing(within(t), s); err == nil || missing {
		t.Errorf("missing: %t, %v", missing, err)
	}
}

func TestARevokedLeaseIsLostForAll(t *testing.T) {
	t.Parallel()
	b := embedded(t)
	w := watch(t, b)
	w.wantCurrent()
	l := acquire(t, b, "c1", "one")
	w.want("c1", l.Incarnation().Epoch, true)
	must(t, b.Leases().Revoke(within(t), held(t, b, "c1")))
	w.want("c1", l.Incarnation().Epoch, false)
	if err := l.Run(within(t)); !errors.Is(err, events.ErrLeaseLost) {
		t.Errorf("run: %v", err)
	}
	if l.Valid() {
		t.Error("a revoked lease holds")
	}
	acquire(t, b, "c1", "two")
}

// A renewal may be stored after its writer has given it up as unknown, as when the
// stream's leader dies before it answers. The next one then finds it in its way.
func TestARenewalThatArrivesLateDoesNotCostTheLease(t *testing.T) {
	t.Parallel()
	server := bustest.StartServer(t)
	b := connect(t, bus.Config{URL: server.URL})
	l := acquire(t, b, "c1", "one")
	must(t, l.Run(expired(t, shortest/2)))
	nc, js := raw(t, server.URL)
	stream, err := js.Stream(within(t), "RC_LEASE")
	must(t, err)
	renewal, err := stream.GetLastMsgForSubject(within(t), "rc.v1.lease.c1")
	must(t, err)
	m := &nats.Msg{Subject: renewal.Subject, Data: renewal.Data, Header: nats.Header{"Nats-TTL": {shortest.String()}}}
	_, err = nc.RequestMsgWithContext(within(t), m)
	must(t, err)
	must(t, l.Run(expired(t, 2*shortest)))
	if !l.Valid() {
		t.Error("the lease is lost")
	}
}

// expired is a context that ends after d.
func expired(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(within(t), d)
	t.Cleanup(cancel)
	return ctx
}
