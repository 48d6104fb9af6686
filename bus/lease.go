package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"

	"github.com/rollcall-xmpp/rollcall/events"
)

// Limits of a lease.
const (
	// LeaseTTL is how long a lease lasts that is not renewed. It outlasts an election by
	// far: those of three servers on one machine took up to 15 s. A death is noticed
	// sooner; see Missing.
	LeaseTTL     = 45 * time.Second
	minTTL       = 2 * time.Second
	maxLeaseInfo = 4 << 10
	// A lease is renewed every renewEvery, or a third of its time if that is less,
	// and tried again after retryEvery, or a twentieth.
	renewEvery = 2 * time.Second
	retryEvery = 500 * time.Millisecond
	// acquireTries bounds races for one name.
	acquireTries = 8
)

// A LeaseRequest asks for a name.
type LeaseRequest struct {
	Name string // the connector's, any text but ""
	// Instance is kept where only one process at a time can be, such as a
	// locked data directory: whoever has the same one takes a lease over at
	// once, because the process that held it can no longer be alive, unless it answers:
	// then the directory is a copy of its own.
	Instance string
	TTL      time.Duration // whole seconds, at least 2 s; 0: LeaseTTL
	Info     []byte        // what others are to know, at most 4 KiB; see events.LeaseState
}

// Leases say which connector runs. A lease is the only message of its subject,
// with a time to live after which the server removes it and leaves a marker
// (ADR-43). Renewing it is a compare-and-set, so that a name never has two
// holders. An incarnation's epoch is the sequence of its first message.
type Leases struct{ b *Bus }

// leaseMessage is the stored form.
type leaseMessage struct {
	Name     string        `json:"name"`
	Instance string        `json:"instance"`
	Epoch    uint64        `json:"epoch,omitempty"` // 0 in the first message
	Started  time.Time     `json:"started"`
	TTL      time.Duration `json:"ttl"`
	Info     []byte        `json:"info,omitempty"`
	Probe    string        `json:"probe,omitempty"`
	Released bool          `json:"released,omitempty"` // or revoked
}

// A Lease is held from Acquire until Done is closed. Run renews it.
type Lease struct {
	b       *Bus
	subject string
	msg     leaseMessage
	seq     uint64             // of the newest message; owned by Run, later by Release
	there   *nats.Subscription // answers Missing
	fence   *time.Timer
	done    chan struct{}

	mu    sync.Mutex
	until time.Time     // owned by mu; with a monotonic clock reading
	lost  bool          // owned by mu
	pulse pulse         // owned by mu
	info  []byte        // owned by mu; goes out with the next message
	told  chan struct{} // owned by mu; if not nil, closed when info has gone out
}

// Acquire takes a name. Errors are a *events.HeldError, or wrap
// events.ErrLeaseRefused if the request is wrong, or one of those of a Log, after
// which another attempt may succeed.
func (l *Leases) Acquire(ctx context.Context, r LeaseRequest) (*Lease, error) {
	if r.TTL == 0 {
		r.TTL = LeaseTTL
	}
	if r.Name == "" || r.Instance == "" || r.TTL < minTTL || r.TTL%time.Second != 0 || len(r.Info) > maxLeaseInfo {
		return nil, fmt.Errorf("lease %q: %w: a name, an instance, whole seconds >= %s and at most %d bytes of info are needed",
			r.Name, events.ErrLeaseRefused, minTTL, maxLeaseInfo)
	}
	lease := &Lease{b: l.b, subject: leaseSubject(r.Name), done: make(chan struct{}), pulse: newPulse(), info: r.Info, msg: leaseMessage{
		Name: r.Name, Instance: r.Instance, Started: time.Now(), TTL: r.TTL, Probe: leaseProbe(r.Name),
	}}
	err := l.b.subscribing(lease.msg.Probe, func() (err error) {
		lease.there, err = l.b.nc.Subscribe(lease.msg.Probe, func(m *nats.Msg) { m.Respond(nil) })
		return err
	})
	if lease.there == nil {
		return nil, notSent(err)
	}
	if err == nil {
		err = l.acquire(ctx, lease)
	}
	if err != nil {
		lease.there.Unsubscribe()
		return nil, fmt.Errorf("acquire lease %q: %w", r.Name, err)
	}
	return lease, nil
}

func (l *Leases) acquire(ctx context.Context, lease *Lease) error {
	for range acquireTries {
		expected, err := l.free(ctx, lease.subject, lease.msg.Instance)
		if err != nil {
			return err
		}
		err = lease.store(ctx, expected)
		if err == nil {
			lease.msg.Epoch = lease.seq
			return nil
		}
		if !errors.Is(err, events.ErrConflict) {
			return err
		}
	}
	return fmt.Errorf("%w: too many try at once", events.ErrConflict)
}

// leaseProbe is a subject at which a holder answers Missing. It is no inbox, for those
// who look need a permission for it, and may not have one for others' answers.
func leaseProbe(name string) string { return probePrefix + "." + token(name) + "." + nuid.Next() }

func leaseSubject(name string) string { return leasePrefix + "." + token(name) }

// free returns the sequence that a new lease must expect, or a *events.HeldError.
func (l *Leases) free(ctx context.Context, subject, instance string) (uint64, error) {
	m, err := l.b.last(ctx, leaseStream, subject)
	if errors.Is(err, events.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	state, alive := openLease(m.Data, m.header(), m.Seq, m.Time)
	if alive && (state.Instance != instance || l.answers(ctx, state)) {
		return 0, &events.HeldError{Holder: state}
	}
	return m.Seq, nil
}

// openLease reads a message of the stream. One that isn't alive is a marker, a
// released lease or junk.
func openLease(data []byte, h nats.Header, seq uint64, at time.Time) (state events.LeaseState, alive bool) {
	var m leaseMessage
	if h.Get(jetstream.MarkerReasonHeader) != "" || json.Unmarshal(data, &m) != nil || m.Released {
		return events.LeaseState{}, false
	}
	if m.Epoch == 0 {
		m.Epoch = seq
	}
	return events.LeaseState{
		Incarnation: events.Incarnation{Name: m.Name, Epoch: m.Epoch},
		Instance:    m.Instance, Info: m.Info, Started: m.Started, Renewed: at, TTL: m.TTL, Revision: seq, Probe: m.Probe,
	}, true
}

// store writes the lease's message in place of the expected one and moves the
// fence. The lease counts from before the message was sent, the server's time
// to live from after.
func (l *Lease) store(ctx context.Context, expected uint64) error {
	l.mu.Lock()
	told := l.told
	l.msg.Info = l.info
	l.mu.Unlock()
	data, err := json.Marshal(l.msg)
	if err != nil {
		return err
	}
	ttl := l.msg.TTL
	if l.msg.Released {
		ttl = time.Second
	}
	m := &nats.Msg{Subject: l.subject, Data: data, Header: nats.Header{jetstream.MsgTTLHeader: {ttl.String()}}}
	attempt, cancel := context.WithTimeout(ctx, 4*l.b.cfg.AttemptTimeout)
	defer cancel()
	start := time.Now()
	seq, other, err := l.b.compareAndSet(attempt, leaseStream, m, expected, nil)
	if other != nil && l.wrote(other) {
		return l.store(ctx, other.Seq) // an earlier attempt, given up as unknown, has arrived
	}
	if err != nil {
		return err
	}
	l.seq = seq
	if l.msg.Released {
		return nil
	}
	l.hasTold(told)
	return l.extend(start)
}

// hasTold says that what was to be told when a message was made is stored.
func (l *Lease) hasTold(told chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if told != nil && told == l.told {
		close(told)
		l.told = nil
	}
}

// wrote reports that a message is this lease's. Nobody else writes one with its
// epoch but to revoke it.
func (l *Lease) wrote(m *message) bool {
	state, alive := openLease(m.Data, m.header(), m.Seq, m.Time)
	return alive && l.msg.Epoch != 0 && state.Incarnation == l.Incarnation()
}

// extend sets the time at which the lease counts as lost, after it was renewed at
// start.
func (l *Lease) extend(start time.Time) error {
	until := events.LeaseState{Renewed: start, TTL: l.msg.TTL}.Until()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lost || !time.Now().Before(until) {
		return events.ErrLeaseLost
	}
	l.until = until
	if l.fence == nil {
		l.fence = time.AfterFunc(time.Until(until), l.lose)
		l.pulse.begin(l.beat)
	} else {
		l.fence.Reset(time.Until(until))
		l.pulse.confirm(start)
	}
	return nil
}

// Tell changes what others are to know, of which at most 4 KiB may be, and returns when they
// can. Run renews the lease with it at once, or as soon as the stream can be reached; if ctx ends
// before, with its error, that is still to come. It is not for two goroutines.
func (l *Lease) Tell(ctx context.Context, info []byte) error {
	if len(info) > maxLeaseInfo {
		return fmt.Errorf("lease %q: %d bytes of info are more than %d", l.msg.Name, len(info), maxLeaseInfo)
	}
	told := make(chan struct{})
	l.mu.Lock()
	l.info, l.told = info, told
	l.mu.Unlock()
	select {
	case l.pulse.woke <- struct{}{}:
	default:
	}
	select {
	case <-told:
		return nil
	case <-l.done:
		return events.ErrLeaseLost
	case <-ctx.Done():
		return ctx.Err()
	}
}

// lose closes Done, once, unless the lease was renewed while the timer fired.
func (l *Lease) lose() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.lost && !time.Now().Before(l.until) {
		l.lost = true
		l.pulse.timer.Stop()
		close(l.done)
		l.there.Unsubscribe() // nobody need wait longer
	}
}

// end makes the lease lost at this moment.
func (l *Lease) end() {
	l.mu.Lock()
	l.until = time.Time{}
	l.mu.Unlock()
	l.fence.Stop()
	l.lose()
}

// Incarnation is the holder's name and epoch.
func (l *Lease) Incarnation() events.Incarnation {
	return events.Incarnation{Name: l.msg.Name, Epoch: l.msg.Epoch}
}

// Done is closed when the lease is lost or released. It is closed before the
// server can have ended the lease, by the monotonic clock of this machine. A
// process that was frozen, and a machine that was suspended, find out later: ask
// Confirm before doing anything that must not be done twice.
func (l *Lease) Done() <-chan struct{} { return l.done }

// Valid reports whether the lease still holds, as far as is known.
func (l *Lease) Valid() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.lost && time.Now().Before(l.until)
}

// Run renews the lease until ctx ends, which leaves the lease as it is, or until
// it is lost, which gives events.ErrLeaseLost. While the stream can't be reached it
// tries again, and at once when the connection is back, or this process after it was
// frozen: others may take its holder for dead meanwhile.
func (l *Lease) Run(ctx context.Context) error {
	every, retry := min(renewEvery, l.msg.TTL/3), min(retryEvery, l.msg.TTL/20)
	for pause := every; ; {
		_, reconnected := l.b.link()
		select {
		case <-ctx.Done():
			return nil
		case <-l.done:
			l.b.renewals.lost.Add(1)
			return events.ErrLeaseLost
		case <-time.After(pause):
		case <-reconnected:
		case <-l.pulse.woke:
		}
		begin := time.Now()
		err := l.renew(ctx)
		l.b.renewals.count(time.Since(begin), err)
		switch {
		case err == nil:
			pause = every
		case errors.Is(err, events.ErrConflict), errors.Is(err, events.ErrLeaseLost):
			l.end()
			l.b.renewals.lost.Add(1)
			return fmt.Errorf("%w: %w", events.ErrLeaseLost, err)
		default:
			pause = retry
		}
	}
}

func (l *Lease) renew(ctx context.Context) error {
	l.mu.Lock()
	until := l.until
	l.mu.Unlock()
	ctx, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	return l.store(ctx, l.seq)
}

// Release ends the lease for everybody at once. Run must have returned.
func (l *Lease) Release(ctx context.Context) error {
	l.end()
	l.msg.Released = true
	if err := l.store(ctx, l.seq); err != nil && !errors.Is(err, events.ErrConflict) {
		return fmt.Errorf("release lease %q: %w", l.msg.Name, err)
	}
	return nil
}
