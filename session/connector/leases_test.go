package connector_test

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/connector"
)

// A lease lasts ttl without being renewed, and is renewed every renewEvery.
const (
	ttl        = bus.LeaseTTL
	renewEvery = 2 * time.Second
)

// A registry keeps leases as package bus does, but in memory: one holder a name, a
// time to live, and watchers that are told of each beginning, renewal and end.
type registry struct {
	electing atomic.Bool   // nothing can be read or written
	slow     time.Duration // how long an answer takes; set before it is asked for

	mu      sync.Mutex
	last    uint64            // guarded; the newest revision
	held    map[string]*lease // guarded
	revoked int               // guarded; how many were
	changed chan struct{}     // guarded; closed and replaced when held changes
}

func (r *registry) revocations() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.revoked
}

func newRegistry() *registry {
	return &registry{held: map[string]*lease{}, changed: make(chan struct{})}
}

// A lease is one that a process has or had.
type lease struct {
	r      *registry
	p      *process
	state  events.LeaseState
	expiry *time.Timer // the registry's, which ends it for all
	fence  *time.Timer // the holder's, a tenth of the time earlier
	done   chan struct{}
	over   sync.Once
	lapsed atomic.Bool
}

func (p *process) reachesLeases() bool {
	return !p.away.Load() && !p.frozen.Load() && !p.leases.electing.Load()
}

func (p *process) acquire(ctx context.Context) (connector.Lease, error) {
	if p.refused.Load() {
		return nil, fmt.Errorf("lease of %s: %w", p.name, events.ErrLeaseRefused)
	}
	if !p.reachesLeases() {
		return nil, events.ErrUnavailable
	}
	r := p.leases
	r.mu.Lock()
	defer r.mu.Unlock()
	if l := r.held[p.name]; l != nil && l.state.Instance != p.instance {
		return nil, &events.HeldError{Holder: l.state}
	}
	r.last++
	l := &lease{r: r, p: p, done: make(chan struct{}), state: events.LeaseState{
		Incarnation: events.Incarnation{Name: p.name, Epoch: r.last}, Instance: p.instance, Started: time.Now(), Renewed: time.Now(), TTL: ttl, Revision: r.last,
	}}
	l.expiry = time.AfterFunc(ttl, func() { r.end(l) })
	l.fence = time.AfterFunc(ttl-ttl/10, l.lose)
	r.held[p.name] = l
	r.change()
	p.lease.Store(l)
	return l, nil
}

// end ends a lease for all.
func (r *registry) end(l *lease) {
	r.mu.Lock()
	defer r.mu.Unlock()
	l.expiry.Stop()
	if r.held[l.state.Name] == l {
		delete(r.held, l.state.Name)
		r.change()
	}
}

// change wakes the watchers. The caller holds mu.
func (r *registry) change() {
	close(r.changed)
	r.changed = make(chan struct{})
}

func (r *registry) alive() (list []events.LeaseState, changed chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, l := range r.held {
		list = append(list, l.state)
	}
	slices.SortFunc(list, func(a, b events.LeaseState) int { return int(a.Epoch) - int(b.Epoch) })
	return list, r.changed
}

func (l *lease) lose() {
	l.over.Do(func() {
		l.fence.Stop()
		close(l.done)
	})
}

func (l *lease) Incarnation() events.Incarnation { return l.state.Incarnation }
func (l *lease) Done() <-chan struct{}           { return l.done }

func (l *lease) Valid() bool {
	select {
	case <-l.done:
		return false
	default:
		return !l.lapsed.Load()
	}
}

func (l *lease) Confirm(context.Context) bool { return l.Valid() }

// lapse ends the lease by the clock, as after the process was frozen: no timer has
// told of it yet.
func (l *lease) lapse() { l.lapsed.Store(true) }

func (l *lease) Run(ctx context.Context) error {
	for pause := renewEvery; ; {
		select {
		case <-ctx.Done():
			return nil
		case <-l.done:
			return events.ErrLeaseLost
		case <-time.After(pause):
		}
		pause = renewEvery
		if known, ours := l.renew(); !known {
			pause = renewEvery / 4
		} else if !ours {
			l.lose()
		}
	}
}

// renew reports whether the outcome is known, and whether the lease is the
// process's still.
func (l *lease) renew() (known, ours bool) {
	if !l.p.reachesLeases() {
		return false, false
	}
	l.r.mu.Lock()
	defer l.r.mu.Unlock()
	if l.r.held[l.state.Name] != l {
		return true, false
	}
	l.r.last++
	l.state.Renewed, l.state.Revision = time.Now(), l.r.last
	l.expiry.Reset(ttl)
	l.fence.Reset(ttl - ttl/10)
	l.r.change()
	return true, true
}

func (l *lease) Release(context.Context) error {
	l.lose()
	if !l.p.reachesLeases() {
		return events.ErrUnavailable
	}
	l.r.end(l)
	return nil
}

// A view is the leases as one process sees them.
type view struct{ p *process }

func (v view) Alive(context.Context) ([]events.LeaseState, error) {
	if !v.p.reachesLeases() {
		return nil, events.ErrUnavailable
	}
	<-time.After(v.p.leases.slow)
	list, _ := v.p.leases.alive()
	return list, nil
}

// Missing finds the holder of a lease as long as its process has a connection,
// frozen or not.
func (v view) Missing(_ context.Context, s events.LeaseState) (bool, error) {
	if !v.p.reachesLeases() {
		return false, events.ErrUnavailable
	}
	r := v.p.leases
	r.mu.Lock()
	defer r.mu.Unlock()
	l := r.held[s.Name]
	return l != nil && l.state.Revision == s.Revision && l.p.away.Load(), nil
}

func (v view) Revoke(_ context.Context, s events.LeaseState) error {
	if !v.p.reachesLeases() {
		return events.ErrUnavailable
	}
	r := v.p.leases
	r.mu.Lock()
	defer r.mu.Unlock()
	l := r.held[s.Name]
	if l == nil || l.state.Revision != s.Revision {
		return events.ErrConflict
	}
	l.expiry.Stop()
	delete(r.held, s.Name)
	r.revoked++
	r.change()
	return nil
}

func (v view) Watch(ctx context.Context) iter.Seq2[events.LeaseChange, error] {
	return func(yield func(events.LeaseChange, error) bool) {
		known := map[events.Incarnation]events.LeaseState{}
		for first := true; ctx.Err() == nil; first = false {
			list, changed := v.p.leases.alive()
			for i, s := range known {
				if !events.Leased(list, i) {
					delete(known, i)
					if !yield(events.LeaseChange{State: s}, nil) {
						return
					}
				}
			}
			for _, s := range list {
				was, ok := known[s.Incarnation]
				known[s.Incarnation] = s
				if was.Revision != s.Revision && !yield(events.LeaseChange{State: s, Alive: true, Renewed: ok}, nil) {
					return
				}
			}
			if first && !yield(events.LeaseChange{Current: true}, nil) {
				return
			}
			select {
			case <-changed:
			case <-ctx.Done():
			}
			for !v.p.reachesLeases() && ctx.Err() == nil {
				<-time.After(10 * time.Millisecond)
			}
		}
	}
}
