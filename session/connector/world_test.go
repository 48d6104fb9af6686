package connector_test

import (
	"context"
	"iter"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/connector"
)

// A world is a log and leases, which connectors share. It lives in a synctest
// bubble, so that its times are exact.
type world struct {
	t      testing.TB
	log    *bustest.Log
	leases *registry
}

func newWorld(t testing.TB) *world {
	return &world{t: t, log: bustest.NewLog(), leases: newRegistry()}
}

// history is the log's whole content.
func (w *world) history() (all []events.Stored) {
	for st, err := range w.log.Read(context.Background(), events.Range{}) {
		if err != nil {
			w.t.Fatal(err)
		}
		all = append(all, *st)
	}
	return all
}

// ends lists the reasons with which the account's sessions ended.
func (w *world) ends(user string) (reasons []events.Reason) {
	for _, st := range w.history() {
		if e, ok := st.Event.(events.Closed); ok && st.JID.Bare() == bare(user) {
			reasons = append(reasons, e.Reason)
		}
	}
	return reasons
}

func (w *world) wantEnds(user string, want ...events.Reason) {
	w.t.Helper()
	if got := w.ends(user); !slices.Equal(got, want) {
		w.t.Errorf("the sessions of %s ended with %v, want %v", user, got, want)
	}
}

func bare(user string) events.JID { return events.StoredJID(user + "@localhost") }

// A process runs one connector. Its clients only wait.
type process struct {
	*world
	name, instance string
	table          *projector.Table
	beside         func(context.Context) error
	logger         *slog.Logger  // nil: nobody is told
	ended          chan struct{} // closed when Run has returned, with err
	err            error
	stop           context.CancelFunc
	away           atomic.Bool // it has no connection: it is dead, or cut off
	frozen         atomic.Bool // it does nothing, and its connection is there
	refused        atomic.Bool // no lease of its kind can be held
	mute           atomic.Bool // the log takes nothing from it of connectors
	lease          atomic.Pointer[lease]
	handle         atomic.Pointer[func([]byte, func() func())] // which the courier was given

	mu      sync.Mutex
	svc     *session.Service            // guarded; nil while no session is accepted
	clients map[events.SessionID]string // guarded
	calls   calls                       // guarded
}

// calls are the calls that connector.Run made.
type calls struct {
	begun     []beginning
	besides   int // calls of Config.Beside
	suspended []time.Time
	received  []string
	rerouted  []events.Incarnation
}

// A beginning is a call of Begin, and how many sessions had ended in the log then.
type beginning struct {
	of    events.Incarnation
	ended int
}

// told lists the calls up to now.
func (p *process) told() calls {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.calls
	c.begun, c.suspended = slices.Clone(c.begun), slices.Clone(c.suspended)
	c.received, c.rerouted = slices.Clone(c.received), slices.Clone(c.rerouted)
	return c
}

// process makes a process that does not run yet.
func (w *world) process(name, instance string) *process {
	return &process{
		world: w, name: name, instance: instance, table: projector.NewTable(), ended: make(chan struct{}),
		clients: map[events.SessionID]string{}, beside: func(context.Context) error { return nil },
	}
}

// start starts a process, which has begun to serve after synctest.Wait.
func (w *world) start(name, instance string) *process { return w.process(name, instance).start() }

func (p *process) start() *process {
	ctx, stop := context.WithCancel(context.Background())
	life, end := context.WithCancel(context.Background())
	p.stop = stop
	fold, err := projector.New(projector.Config{Log: line{p.log, p}, Table: p.table})
	if err != nil {
		p.t.Fatal(err)
	}
	folded := make(chan struct{})
	go func() {
		defer close(folded)
		fold.Run(life)
	}()
	<-fold.CaughtUp()
	go func() {
		defer close(p.ended)
		defer func() {
			end()
			<-folded
		}()
		p.err = connector.Run(ctx, connector.Config{
			Acquire: p.acquire, Leases: view{p}, Table: p.table, Log: line{p.log, p}, Courier: courierOf{p}, Server: p, Logger: p.logger,
			Beside: func(ctx context.Context) error {
				p.mu.Lock()
				p.calls.besides++
				p.mu.Unlock()
				return p.beside(ctx)
			},
		})
	}()
	return p
}

// halt stops the process in an orderly way.
func (p *process) halt() {
	p.t.Helper()
	p.stop()
	<-p.ended
	if p.err != nil {
		p.t.Errorf("%s stopped with %v", p.name, p.err)
	}
}

// login gives an account a session here.
func (p *process) login(user string) events.SessionID {
	p.t.Helper()
	p.mu.Lock()
	svc := p.svc
	p.mu.Unlock()
	if svc == nil {
		p.t.Fatalf("%s accepts no sessions", p.name)
	}
	id := events.NewSessionID(time.Now())
	for _, c := range []session.Command{session.Authenticate{Session: id}, session.Bind{Session: id, Resource: id.String(), Generated: "r"}} {
		if _, _, err := svc.Do(context.Background(), bare(user), events.ConnID(id), c); err != nil {
			p.t.Fatal(err)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clients[id] = user
	return id
}

// Begin implements connector.Server.
func (p *process) Begin(svc *session.Service) {
	ended := 0
	for _, st := range p.history() {
		if st.Event.Kind() == events.KindClosed {
			ended++
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.svc = svc
	p.calls.begun = append(p.calls.begun, beginning{svc.Connector(), ended})
}

// Suspend implements connector.Server.
func (p *process) Suspend() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.svc = nil
	clear(p.clients)
	p.calls.suspended = append(p.calls.suspended, time.Now())
}

// Shutdown implements connector.Server.
func (p *process) Shutdown(ctx context.Context) error {
	p.mu.Lock()
	svc, clients := p.svc, maps.Clone(p.clients)
	p.svc = nil
	clear(p.clients)
	p.mu.Unlock() // to end a session may take time
	for id, user := range clients {
		svc.End(ctx, bare(user), events.ConnID(id), session.Close{Session: id, Reason: events.ReasonShutdown})
	}
	return nil
}

// Receive implements connector.Server.
func (p *process) Receive(payload []byte, _ func() func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls.received = append(p.calls.received, string(payload))
}

// Reroute implements connector.Server.
func (p *process) Reroute(lost events.Incarnation) {
	if !p.table.IsLost(lost) {
		p.t.Errorf("%s reroutes what is for %s, which its table takes for alive", p.name, lost)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls.rerouted = append(p.calls.rerouted, lost)
}

// A courierOf is the process as a connector.Courier.
type courierOf struct{ *process }

func (c courierOf) Receive(_ events.Incarnation, handle func([]byte, func() func())) (func(), error) {
	c.handle.Store(&handle)
	return func() { c.handle.Store(nil) }, nil
}

// A line is the process's way to the log.
type line struct {
	events.Log
	p *process
}

func (l line) cut() error {
	if l.p.away.Load() || l.p.frozen.Load() {
		return events.ErrUnavailable
	}
	return nil
}

func (l line) Append(ctx context.Context, r *events.Record) (events.Position, error) {
	if err := l.cut(); err != nil {
		return events.Position{}, err
	}
	if l.p.mute.Load() && r.JID == events.Connectors {
		return events.Position{}, events.ErrFull
	}
	return l.Log.Append(ctx, r)
}

func (l line) Next(ctx context.Context, account events.JID, after events.Seq) (events.Stored, error) {
	if err := l.cut(); err != nil {
		return events.Stored{}, err
	}
	return l.Log.Next(ctx, account, after)
}

func (l line) Info(ctx context.Context) (events.Info, error) {
	if err := l.cut(); err != nil {
		return events.Info{}, err
	}
	return l.Log.Info(ctx)
}

func (l line) Follow(ctx context.Context, after events.Seq) iter.Seq2[*events.Stored, error] {
	return func(yield func(*events.Stored, error) bool) {
		for st, err := range l.Log.Follow(ctx, after) {
			for l.cut() != nil && ctx.Err() == nil {
				<-time.After(10 * time.Millisecond)
			}
			if !yield(st, err) {
				return
			}
		}
	}
}
