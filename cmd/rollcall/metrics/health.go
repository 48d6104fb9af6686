package metrics

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/rollcall-xmpp/rollcall/projector"
	"github.com/rollcall-xmpp/rollcall/projector/query"
)

const (
	// deadAfter is how old the fold's heartbeat may be. It comes twice a second.
	deadAfter = 30 * time.Second
	// stuckAfter is how long the table may stand still although the log has more.
	stuckAfter = 10 * time.Second
)

// A State is what a part, or all of the process, is in.
type State string

// The states. Only the first one is ready.
const (
	Ready      State = "ready"
	Rebuilding State = "rebuilding" // the table reads what the log had when the process began
	Stuck      State = "stuck"      // the log has more than the table, which stands still
	CutOff     State = "cut_off"    // the log does not answer
	Unsynced   State = "unsynced"   // the disk failed at a sync, so a stream takes nothing
	NoLease    State = "no_lease"   // the connector has no lease, so logins are refused
	Draining   State = "draining"   // the process is about to stop, or its connector is drained
)

// A Report is what /readyz answers.
type Report struct {
	State State           `json:"state"` // Ready if all parts are, otherwise the worst
	Parts map[string]Part `json:"parts"`
}

// A Part is one of: log, whether it answers and stores; table, whether it is up to date;
// connector, whether logins are served, in a process that has one. Null is what is not known
// of it, or of others only.
type Part struct {
	State   State    `json:"state"`
	Detail  string   `json:"detail"`      // for people
	Percent *float64 `json:"percent"`     // of a rebuild
	Lag     *uint64  `json:"lag_events"`  // of the table
	Lagging *float64 `json:"lag_seconds"` // the same in time
}

// A Fold is the goroutine that folds the log into the table. That of package projector
// is one.
type Fold interface {
	Heartbeat() time.Time
	CaughtUp() <-chan struct{}
}

var _ Fold = (*projector.Projector)(nil)

// Health tells whether a process is alive and ready. It is safe for concurrent use.
type Health struct {
	probe    *Probe
	fold     Fold
	lease    func() bool // nil: the process has no connector
	draining atomic.Bool
	drained  atomic.Pointer[string] // why the connector takes no clients; nil: it does
	now      func() time.Time
}

// NewHealth returns that of a process. hasLease reports whether logins are served;
// nil for one without a connector.
func NewHealth(probe *Probe, fold Fold, hasLease func() bool) *Health {
	return &Health{probe: probe, fold: fold, lease: hasLease, now: time.Now}
}

// Drain makes the process not ready for good: it is about to stop, and whoever
// balances clients should send it none.
func (h *Health) Drain() { h.draining.Store(true) }

// SetDrained says that the connector takes no clients, and why, or with "" that it does.
func (h *Health) SetDrained(detail string) {
	if detail == "" {
		h.drained.Store(nil)
		return
	}
	h.drained.Store(&detail)
}

// isDraining reports that clients are sent away.
func (h *Health) isDraining() bool { return h.draining.Load() || h.drained.Load() != nil }

// IsAlive reports that the fold goes round. A process that is not alive only a new
// start mends; one that is cut off is alive, for it goes on by itself.
func (h *Health) IsAlive() bool { return h.now().Sub(h.fold.Heartbeat()) < deadAfter }

// IsRebuilding reports that the table does not have yet what the log had when the
// process began.
func (h *Health) IsRebuilding() bool {
	select {
	case <-h.fold.CaughtUp():
		return false
	default:
		return true
	}
}

// Report says what state everything is in.
func (h *Health) Report() Report {
	r := Report{State: Ready, Parts: map[string]Part{"log": h.log(), "table": h.table()}}
	if h.lease != nil {
		r.Parts["connector"] = h.connector()
	}
	for _, name := range []string{"connector", "table", "log"} { // the cause comes last
		if p, ok := r.Parts[name]; ok && p.State != Ready {
			r.State = p.State
		}
	}
	if h.draining.Load() {
		r.State = Draining
	}
	return r
}

func (h *Health) log() Part {
	end, now := h.probe.End(), h.now()
	switch {
	case !end.IsCutOff(now) && end.Unsynced != nil:
		return Part{State: Unsynced, Detail: end.Unsynced.Error()}
	case !end.IsCutOff(now):
		return Part{State: Ready}
	case end.At.IsZero():
		return Part{State: CutOff, Detail: "the log has not answered yet"}
	}
	return Part{State: CutOff, Detail: fmt.Sprintf("the log has not answered for %s", now.Sub(end.At).Round(time.Second))}
}

func (h *Health) table() Part {
	end, now := h.probe.End(), h.now()
	lag, known := end.Lag(now)
	if !known {
		return Part{State: CutOff, Detail: "how far the table is behind is not known"}
	}
	p := Part{State: Ready, Lag: &lag}
	if !end.Unread.IsZero() {
		late := now.Sub(end.Unread).Seconds()
		p.Lagging = &late
	}
	if lag > 0 && now.Sub(end.Moved) >= stuckAfter {
		p.State = Stuck
		p.Detail = fmt.Sprintf("the table stands at %d for %s, and the log goes to %d", end.Position, now.Sub(end.Moved).Round(time.Second), end.Last)
		return p
	}
	if h.IsRebuilding() {
		p.State = Rebuilding
		percent := 0.0
		if all := end.Last - end.First + 1; end.Last >= end.First && end.Position >= end.First {
			percent = 100 * float64(end.Position-end.First+1) / float64(all)
		}
		percent = min(percent, 100)
		p.Percent = &percent
		p.Detail = fmt.Sprintf("the table is at %d of %d", end.Position, end.Last)
	}
	return p
}

func (h *Health) connector() Part {
	switch {
	case h.draining.Load():
		return Part{State: Draining}
	case !h.lease():
		return Part{State: NoLease, Detail: "logins are refused until the connector has a lease"}
	}
	if why := h.drained.Load(); why != nil {
		return Part{State: Draining, Detail: *why}
	}
	return Part{State: Ready}
}

// Live answers /livez: 200, or 503 if the process is to be started again.
func (h *Health) Live(w http.ResponseWriter, _ *http.Request) {
	age := h.now().Sub(h.fold.Heartbeat()).Seconds()
	answer(w, h.IsAlive(), map[string]any{"alive": h.IsAlive(), "heartbeat_age_seconds": age})
}

// Readyz answers /readyz with a Report: 200 if it is ready, otherwise 503.
func (h *Health) Readyz(w http.ResponseWriter, _ *http.Request) {
	r := h.Report()
	answer(w, r.State == Ready, r)
}

func answer(w http.ResponseWriter, ok bool, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if !ok {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	if line, err := query.Marshal(body); err == nil {
		w.Write(append(line, '\n')) // a peer that has gone needs no answer
	}
}
