package bus_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/bus/natsd"
	"github.com/rollcall-xmpp/rollcall/events"
)

// shortest is the least time to live of a lease.
const shortest = 2 * time.Second

func acquire(t testing.TB, b *bus.Bus, name, instance string) *bus.Lease {
	t.Helper()
	l, err := b.Leases().Acquire(within(t), bus.LeaseRequest{Name: name, Instance: instance, TTL: shortest, Info: []byte("here")})
	must(t, err)
	return l
}

// watcher takes changes one by one.
type watcher struct {
	t    testing.TB
	next func() (events.LeaseChange, error, bool)
}

func watch(t testing.TB, b *bus.Bus) *watcher {
	next, stop := iter.Pull2(b.Leases().Watch(within(t)))
	t.Cleanup(stop)
	return &watcher{t, next}
}

// want takes the next change, passing over interruptions and renewals.
func (w *watcher) want(name string, epoch uint64, alive bool) events.LeaseState {
	w.t.Helper()
	for {
		c, err, ok := w.next()
		if !ok {
			w.t.Fatalf("the watch ended; want %s#%d", name, epoch)
		}
		if err != nil || c.Renewed {
			continue
		}
		if c.State.Name != name || c.State.Epoch != epoch || c.Alive != alive || c.Current != (name == "") {
			w.t.Fatalf("got %+v, want %s#%d alive %t", c, name, epoch, alive)
		}
		return c.State
	}
}

func (w *watcher) wantCurrent() { w.t.Helper(); w.want("", 0, false) }

func TestALeasePassesOnWhenItEnds(t *testing.T) {
	t.Parallel()
	leasePassesOn(t, embedded(t))
}

func leasePassesOn(t *testing.T, b *bus.Bus) {
	ctx := within(t)
	w := watch(t, b)
	w.wantCurrent()
	start := time.Now()
	first := acquire(t, b, "c1", "one")
	epoch := first.Incarnation().Epoch
	w.want("c1", epoch, true)

	_, err := b.Leases().Acquire(ctx, bus.LeaseRequest{Name: "c1", Instance: "two"})
	var held *events.HeldError
	if !errors.As(err, &held) || !errors.Is(err, events.ErrHeld) || held.Holder.Instance != "one" || string(held.Holder.Info) != "here" {
		t.Errorf("acquire a held name: %v", err)
	}
	if !first.Valid() {
		t.Error("the lease does not hold")
	}

	<-first.Done()
	if d := time.Since(start); d < shortest/2 || d > shortest {
		t.Errorf("the holder stopped after %s of %s", d, shortest)
	}
	if _, err := b.Leases().Acquire(ctx, bus.LeaseRequest{Name: "c1", Instance: "two"}); time.Since(start) < shortest && !errors.Is(err, events.ErrHeld) {
		t.Errorf("acquire before the server ended the lease: %v", err)
	}
	if first.Valid() {
		t.Error("a lease that is done holds")
	}
	w.want("c1", epoch, false)
	if d := time.Since(start); d < shortest || d > shortest+time.Second {
		t.Errorf("the end was seen after %s of %s", d, shortest)
	}
	second := acquire(t, b, "c1", "two")
	w.want("c1", second.Incarnation().Epoch, true)
	if second.Incarnation().Epoch <= epoch {
		t.Errorf("epoch %d after %d", second.Incarnation().Epoch, epoch)
	}
	if err := first.Run(ctx); !errors.Is(err, events.ErrLeaseLost) {
		t.Errorf("the first holder's Run: %v", err)
	}
}

func TestALeaseIsKeptByRenewingIt(t *testing.T) {
	t.Parallel()
	b := embedded(t)
	w := watch(t, b)
	w.wantCurrent()
	l := acquire(t, b, "c1", "one")
	w.want("c1", l.Incarnation().Epoch, true)
	ctx, cancel := context.WithTimeout(within(t), 2*shortest)
	defer cancel()
	if err := l.Run(ctx); err != nil {
		t.Errorf("run: %v", err)
	}
	if !l.Valid() {
		t.Error("the lease was lost")
	}
	alive, err := b.Leases().Alive(within(t))
	must(t, err)
	if len(alive) != 1 || alive[0].Incarnation != l.Incarnation() || time.Since(alive[0].Renewed) > shortest {
		t.Errorf("alive: %+v", alive)
	}
	must(t, l.Release(within(t)))
	<-l.Done()
	w.want("c1", l.Incarnation().Epoch, false)
}

func TestWhatAHolderTellsIsKnownAtOnce(t *testing.T) {
	t.Parallel()
	ctx, b := within(t), embedded(t)
	l := acquire(t, b, "c1", "one")
	life, end := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() { l.Run(life) })
	for _, info := range []string{"there", "elsewhere"} {
		if err := l.Tell(ctx, []byte(info)); err != nil {
			t.Fatal(err)
		}
		alive, err := b.Leases().Alive(ctx)
		if err != nil || len(alive) != 1 || string(alive[0].Info) != info || alive[0].Incarnation != l.Incarnation() {
			t.Errorf("%q is told, and known is %+v: %v", info, alive, err)
		}
	}
	if err := l.Tell(ctx, make([]byte, 4<<10+1)); err == nil {
		t.Error("more than 4 KiB can be told")
	}
	end()
	running.Wait()
	if err := l.Release(ctx); err != nil {
		t.Error(err)
	}
	if err := l.Tell(ctx, nil); !errors.Is(err, events.ErrLeaseLost) {
		t.Errorf("told by one that has given its lease back: %v", err)
	}
}

func TestALeaseIsRenewedByTheClockThatCanBeAsked(t *testing.T) {
	t.Parallel()
	leases := embedded(t).Leases()
	before, err := leases.Clock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := leases.Acquire(t.Context(), bus.LeaseRequest{Name: "c1", Instance: "i"}); err != nil {
		t.Fatal(err)
	}
	after, err := leases.Clock(t.Context())
	alive, errAlive := leases.Alive(t.Context())
	if err != nil || errAlive != nil || len(alive) != 1 {
		t.Fatal(alive, err, errAlive)
	}
	if at := alive[0].Renewed; at.Before(before) || at.After(after) {
		t.Errorf("renewed at %s, between %s and %s", at, before, after)
	}
}

func TestTheSameInstanceTakesItsLeaseOverAtOnce(t *testing.T) {
	t.Parallel()
	b := embedded(t)
	w := watch(t, b)
	w.wantCurrent()
	dead := acquire(t, b, "c1", "one")
	w.want("c1", dead.Incarnation().Epoch, true)
	must(t, dead.Deafen())
	alive := acquire(t, b, "c1", "one")
	w.want("c1", dead.Incarnation().Epoch, false)
	w.want("c1", alive.Incarnation().Epoch, true)
	if err := dead.Run(within(t)); !errors.Is(err, events.ErrLeaseLost) {
		t.Errorf("run of the one before: %v", err)
	}
	if err := dead.Release(within(t)); err != nil {
		t.Errorf("release of the one before: %v", err)
	}
	if !alive.Valid() {
		t.Error("the one before ended the lease of the one after")
	}
}

// An instance is kept in a directory, and directories are copied. Whoever runs on the
// copy must not take the lease of somebody that lives.
func TestACopiedInstanceTakesNoLeaseFromAHolderThatAnswers(t *testing.T) {
	t.Parallel()
	s := serve(t, natsd.Options{Listen: "127.0.0.1:0"})
	b := connect(t, bus.Config{URL: s.URL(), Credentials: keyOf(s)})
	holder := connect(t, bus.Config{URL: s.URL(), Credentials: keyOf(s)})
	l := acquire(t, holder, "c1", "one")
	request := bus.LeaseRequest{Name: "c1", Instance: "one"}
	if _, err := b.Leases().Acquire(within(t), request); !errors.Is(err, events.ErrHeld) {
		t.Errorf("while it lives: %v", err)
	}
	if !l.Valid() {
		t.Error("its lease is lost")
	}
	state := held(t, b, "c1")
	holder.Close()
	awaitMissing(t, b, state)
	if _, err := b.Leases().Acquire(within(t), request); err != nil {
		t.Errorf("when it is dead: %v", err)
	}
}

func TestAReleasedNameIsFreeAtOnce(t *testing.T) {
	t.Parallel()
	b := embedded(t)
	must(t, acquire(t, b, "c1", "one").Release(within(t)))
	acquire(t, b, "c1", "two")
	acquire(t, b, "c.*>2", "one") // any text is a name
	w := watch(t, b)
	for range 2 {
		c, err, _ := w.next()
		if must(t, err); !c.Alive {
			t.Errorf("at first: %+v", c)
		}
	}
	w.wantCurrent()
}

func TestAHolderStopsWhenTheServerIsGone(t *testing.T) {
	t.Parallel()
	server := bustest.StartServer(t)
	b := connect(t, bus.Config{URL: server.URL})
	w := watch(t, b)
	w.wantCurrent()
	l := acquire(t, b, "c1", "one")
	w.want("c1", l.Incarnation().Epoch, true)
	server.Kill()
	start := time.Now()
	if err := l.Run(within(t)); !errors.Is(err, events.ErrLeaseLost) {
		t.Errorf("run: %v", err)
	}
	if d := time.Since(start); d > shortest {
		t.Errorf("the holder stopped after %s of %s", d, shortest)
	}
	server.Start()
	w.want("c1", l.Incarnation().Epoch, false) // the lease ended while nobody could see it
}

func TestALeaseNeedsANameAnInstanceAndWholeSeconds(t *testing.T) {
	t.Parallel()
	b := embedded(t)
	for _, r := range []bus.LeaseRequest{
		{Instance: "one"}, {Name: "c1"}, {Name: "c1", Instance: "one", TTL: time.Second},
		{Name: "c1", Instance: "one", TTL: 2500 * time.Millisecond},
		{Name: "c1", Instance: "one", Info: make([]byte, 5000)},
	} {
		if l, err := b.Leases().Acquire(within(t), r); err == nil {
			t.Errorf("%+v gave %s", r, l.Incarnation())
		} else if !errors.Is(err, events.ErrLeaseRefused) {
			t.Errorf("it looks as if it might pass: %v", err)
		}
	}
}

// A renewal moves a lease to the end of the stream, behind whoever reads it. The leases last
// longer than it takes to make all of them on a machine that is busy.
func TestLeasesThatAreRenewedWhileTheyAreReadAreAlive(t *testing.T) {
	t.Parallel()
	const n = 50
	b := embedded(t)
	holding, release := context.WithCancel(t.Context())
	var renewing sync.WaitGroup
	defer renewing.Wait()
	defer release()
	for i := range n {
		l, err := b.Leases().Acquire(within(t), bus.LeaseRequest{Name: fmt.Sprintf("c%d", i), Instance: "one", TTL: patience})
		must(t, err)
		renewing.Go(func() { l.Run(holding) })
	}
	times := func() uint64 {
		taken, _, _ := b.Leases().Renewals()
		return taken.Count
	}
	for before := times(); times() < before+2*n; {
		alive, err := b.Leases().Alive(within(t))
		if err != nil || len(alive) != n {
			t.Fatalf("%d of %d are alive: %v", len(alive), n, err)
		}
	}
}
