package metrics

import (
	"context"
	"encoding/json"
	"iter"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/natsd"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/capacity"
	"github.com/rollcall-xmpp/rollcall/session/tally"
)

const patience = 30 * time.Second

// A gatedLog is a log whose followers get records only as the gate lets them.
type gatedLog struct {
	*bus.Log
	gate <-chan struct{}
}

func (l gatedLog) Beating(func()) events.Log { return l }

func (l gatedLog) Follow(ctx context.Context, after events.Seq) iter.Seq2[*events.Stored, error] {
	return func(yield func(*events.Stored, error) bool) {
		for st, err := range l.Log.Follow(ctx, after) {
			select {
			case <-l.gate:
			case <-ctx.Done():
				return
			}
			if !yield(st, err) {
				return
			}
		}
	}
}

// A frailDisk is a server that can't sync while it fails.
type frailDisk struct {
	*natsd.Server
	fails atomic.Bool
}

func (d *frailDisk) Sync(stream string) error {
	if d.fails.Load() {
		return syscall.EIO
	}
	return d.Server.Sync(stream)
}

// A world is a log in a server of its own, and a process that folds it.
type world struct {
	testing.TB
	bus    *bus.Bus
	disk   *frailDisk
	table  *projector.Table
	fold   *projector.Projector
	probe  *Probe
	health *Health
	prev   events.Seq
}

// newWorld makes a log of so many records. fold gives a projector for it.
func newWorld(t testing.TB, records int, fold func(*bus.Bus, *projector.Table) projector.Config) *world {
	t.Helper()
	server, err := natsd.Start(t.Context(), natsd.Options{DataDir: t.TempDir(), Fsync: "always"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Shutdown)
	w := &world{TB: t, table: projector.NewTable(), disk: &frailDisk{Server: server}}
	if w.bus, err = bus.Connect(t.Context(), bus.Config{InProcess: w.disk, MaxBytes: 64 << 20}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.bus.Close)
	for range records {
		w.append()
	}
	if w.fold, err = projector.New(fold(w.bus, w.table)); err != nil {
		t.Fatal(err)
	}
	w.probe = NewProbe(w.bus, w.table.Position, nil, func(context.Context) *capacity.Disk { return nil })
	w.health = NewHealth(w.probe, w.fold, nil)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{}, 2)
	go func() { w.fold.Run(ctx); ended <- struct{}{} }()
	go func() { w.probe.Run(ctx); ended <- struct{}{} }()
	t.Cleanup(func() {
		stop()
		<-ended
		<-ended
	})
	return w
}

func (w *world) next() *events.Record {
	return &events.Record{
		ID: events.NewEventID(time.Now()), Session: events.NewSessionID(time.Now()), JID: events.StoredJID("alice@localhost"),
		Time: time.Now().UnixNano(), Connector: events.Incarnation{Name: "c1", Epoch: 1}, Prev: w.prev, Event: events.Authenticated{},
	}
}

func (w *world) append() {
	w.Helper()
	at, err := w.bus.Log().Append(w.Context(), w.next())
	if err != nil {
		w.Fatal(err)
	}
	w.prev = at.Seq
}

// eventually waits for a report of the table.
func (w *world) eventually(what string, holds func(Part) bool) Report {
	w.Helper()
	timeout := time.After(patience)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		r := w.readyz()
		if holds(r.Parts["table"]) {
			return r
		}
		select {
		case <-tick.C:
		case <-timeout:
			w.Fatalf("never: %s; it is %+v", what, r)
		}
	}
}

func (w *world) readyz() (r Report) {
	w.Helper()
	rec := httptest.NewRecorder()
	w.health.Readyz(rec, nil)
	if err := json.Unmarshal(rec.Body.Bytes(), &r); err != nil {
		w.Fatalf("%s: %v", rec.Body, err)
	}
	if (rec.Code == http.StatusOK) != (r.State == Ready) {
		w.Errorf("%s with status %d", r.State, rec.Code)
	}
	return r
}

// stand makes the table look as if it had not moved for a while: nobody waits for that.
func (w *world) stand(d time.Duration) {
	e := *w.probe.End()
	e.Moved = e.Moved.Add(-d)
	w.probe.end.Store(&e)
}

func TestARebuildSaysHowFarItIsAndIsNotStuckWhileItMoves(t *testing.T) {
	t.Parallel()
	gate := make(chan struct{})
	w := newWorld(t, 8, func(b *bus.Bus, table *projector.Table) projector.Config {
		return projector.Config{Log: gatedLog{b.Log(), gate}, Table: table}
	})
	for range 2 {
		gate <- struct{}{}
	}
	r := w.eventually("a quarter is there", func(p Part) bool { return p.Percent != nil && *p.Percent == 25 })
	if r.State != Rebuilding || *r.Parts["table"].Lag != 6 || r.Parts["table"].Lagging == nil {
		t.Errorf("%+v", r)
	}
	w.stand(2 * stuckAfter)
	if r := w.readyz(); r.State != Stuck {
		t.Errorf("a rebuild that stands still is %s", r.State)
	}
	gate <- struct{}{}
	w.eventually("it goes on", func(p Part) bool { return p.State == Rebuilding && *p.Percent == 37.5 })
	for range 5 {
		gate <- struct{}{}
	}
	w.eventually("it is ready", func(p Part) bool { return p.State == Ready && *p.Lag == 0 })
}

func TestAFoldThatStandsStillIsStuckAndLagsByWhatItHasNotRead(t *testing.T) {
	t.Parallel()
	gate := make(chan struct{})
	w := newWorld(t, 1, func(b *bus.Bus, table *projector.Table) projector.Config {
		return projector.Config{Log: b.Log(), Table: table, Observe: func(_, _ *session.Account, _ *events.Stored) { <-gate }}
	})
	w.eventually("it is ready", func(p Part) bool { return p.State == Ready })
	for range 3 {
		w.append()
	}
	w.eventually("it lags", func(p Part) bool { return *p.Lag == 3 && p.State == Ready }) // it may only be late
	w.stand(2 * stuckAfter)
	if r := w.readyz(); r.State != Stuck || r.Parts["log"].State != Ready {
		t.Errorf("%+v", r)
	}
	if !w.health.IsAlive() {
		t.Error("not alive after a moment")
	}
	w.health.now = func() time.Time { return time.Now().Add(deadAfter) }
	if w.health.IsAlive() {
		t.Error("alive although the fold hangs")
	}
	w.health.now = time.Now
	close(gate)
	w.eventually("it is ready again", func(p Part) bool { return p.State == Ready && *p.Lag == 0 })
}

func TestAProcessThatIsAboutToStopIsDraining(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, func(b *bus.Bus, table *projector.Table) projector.Config {
		return projector.Config{Log: b.Log(), Table: table}
	})
	w.eventually("it is ready", func(p Part) bool { return p.State == Ready })
	leased := false
	w.health.lease = func() bool { return leased }
	if r := w.readyz(); r.State != NoLease {
		t.Errorf("without a lease it is %s", r.State)
	}
	leased = true
	if r := w.readyz(); r.State != Ready || r.Parts["connector"].State != Ready {
		t.Errorf("%+v", r)
	}
	w.health.Drain()
	if r := w.readyz(); r.State != Draining {
		t.Errorf("about to stop it is %s", r.State)
	}
}

// Otherwise it would be sent clients, and refuse them.
func TestAProcessWhoseDiskFailedIsNotReady(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, func(b *bus.Bus, table *projector.Table) projector.Config {
		return projector.Config{Log: b.Log(), Table: table}
	})
	w.eventually("it is ready", func(p Part) bool { return p.State == Ready })
	w.disk.fails.Store(true)
	if _, err := w.bus.Log().Append(t.Context(), w.next()); err == nil {
		t.Fatal("it was stored")
	}
	var r Report
	w.eventually("it says so", func(Part) bool { r = w.readyz(); return r.State == Unsynced })
	if p := r.Parts["log"]; p.State != Unsynced || !strings.Contains(p.Detail, "RC_EV: input/output error") {
		t.Errorf("%+v", p)
	}
	if !w.health.IsAlive() {
		t.Error("not alive: a new start would hide what happened")
	}
	w.disk.fails.Store(false)
	w.eventually("it is ready again", func(Part) bool { return w.readyz().State == Ready })
}

// A figure that is not known is not 0.
func TestWithoutAnAnswerOfTheLogTheLagIsNotANumber(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, func(b *bus.Bus, table *projector.Table) projector.Config {
		return projector.Config{Log: b.Log(), Table: table}
	})
	w.eventually("it is ready", func(p Part) bool { return p.State == Ready && *p.Lag == 0 })
	m, err := New(Config{Bus: w.bus, Table: w.table, Probe: w.probe, Health: w.health})
	if err != nil {
		t.Fatal(err)
	}
	if v := value(t, m.registry, "rollcall_projection_lag_events"); v != 0 {
		t.Errorf("a table that has all lags by %v", v)
	}
	w.bus.Close()
	w.eventually("it is cut off", func(p Part) bool { return p.State == CutOff })
	for name, want := range map[string]float64{
		"rollcall_projection_lag_events": math.NaN(), "rollcall_projection_lag_seconds": math.NaN(), "rollcall_log_reachable": 0,
	} {
		if v := value(t, m.registry, name); v != want && !(math.IsNaN(v) && math.IsNaN(want)) {
			t.Errorf("%s is %v", name, v)
		}
	}
}

func value(t *testing.T, r *prometheus.Registry, name string) float64 {
	t.Helper()
	all, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		if f.GetName() == name {
			return f.GetMetric()[0].GetGauge().GetValue()
		}
	}
	t.Fatalf("there is no %s", name)
	return 0
}

func BenchmarkScrape(b *testing.B) {
	w := newWorld(b, 1, func(l *bus.Bus, table *projector.Table) projector.Config {
		return projector.Config{Log: l.Log(), Table: table}
	})
	m, err := New(Config{Bus: w.bus, Table: w.table, Probe: w.probe, Health: w.health, Connector: "c1", Tally: tally.New("c1")})
	if err != nil {
		b.Fatal(err)
	}
	h := m.Handler()
	for b.Loop() {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/metrics", nil))
	}
}
