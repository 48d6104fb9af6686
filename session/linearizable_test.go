package session_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// A deed is what a client did about one full JID, as porcupine sees it.
type deed struct {
	kind     string // bind, refuse (bind unless taken), evict, look, close
	session  string // that does it; evict: to which it is done
	resource string
}

// An outcome is what it was told.
type outcome struct {
	done    bool // bind, refuse: it is bound; look: it is live
	unknown bool // it may have happened, or may yet
}

// oneHolder is a full JID: at most one session has it, the one that bound it
// last, until it is closed or another takes it. To take it is to end the other
// session first, which others may see happen on its own: that is an evict, of
// which only the log tells.
var oneHolder = porcupine.NondeterministicModel{
	Init: func() []any { return []any{""} },
	Step: func(state, input, output any) []any {
		holder, d, o := state.(string), input.(deed), output.(outcome)
		next := holdersAfter(holder, d, o)
		if o.unknown && !slices.Contains(next, holder) {
			next = append(next, holder)
		}
		all := make([]any, len(next))
		for i := range next {
			all[i] = next[i]
		}
		return all
	},
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		byName := make(map[string][]porcupine.Operation)
		for _, op := range history {
			name := op.Input.(deed).resource
			byName[name] = append(byName[name], op)
		}
		var parts [][]porcupine.Operation
		for _, part := range byName {
			parts = append(parts, part)
		}
		return parts
	},
	DescribeOperation: func(input, output any) string { return fmt.Sprintf("%v: %v", input, output) },
}

func holdersAfter(holder string, d deed, o outcome) []string {
	switch free := holder == ""; {
	case (d.kind == "bind" || d.kind == "refuse") && free && (o.done || o.unknown):
		return []string{d.session}
	case d.kind == "refuse" && !free && !o.done:
		return []string{holder}
	case d.kind == "look" && o.done == (holder == d.session):
		return []string{holder}
	case d.kind == "evict" && holder == d.session:
		return []string{""}
	case d.kind == "close" && holder == d.session:
		return []string{""}
	case d.kind == "close":
		return []string{holder}
	}
	return nil // it can't happen now
}

// A racer is one client that binds, looks and closes, again and again.
type racer struct {
	t       *testing.T
	name    int
	service *session.Service
	start   time.Time
	history []porcupine.Operation
	binds   map[events.ConnID]porcupine.Operation // that may have replaced a session
}

// note adds an operation that began at a time and ends now.
func (r *racer) note(d deed, o outcome, began time.Duration) {
	r.history = append(r.history, r.operation(d, o, began))
}

func (r *racer) operation(d deed, o outcome, began time.Duration) porcupine.Operation {
	op := porcupine.Operation{ClientId: r.name, Input: d, Output: o, Call: int64(began), Return: int64(time.Since(r.start))}
	if o.unknown {
		op.Return = math.MaxInt64
	}
	return op
}

func (r *racer) run(logins int) {
	for n := range logins {
		s := fmt.Sprintf("s%d.%d", r.name, n)
		resource := []string{"a", "b"}[(n+r.name/2)%2]
		if err := r.do(s, session.Authenticate{Session: id(s)}); err != nil {
			r.t.Logf("login: %v", err)
			continue
		}
		if !r.bind(s, resource, n%3 == 0) {
			r.close(s, resource)
			continue
		}
		if r.look(s, resource) && n%2 == 0 {
			r.look(s, resource)
		}
		if n%4 != 1 {
			r.close(s, resource)
		}
	}
}

func (r *racer) do(s string, c session.Command) error {
	_, _, err := r.service.Do(r.t.Context(), alice, connID(s), c)
	return err
}

func (r *racer) bind(s, resource string, refuse bool) bool {
	d, c := deed{"bind", s, resource}, session.Bind{Session: id(s), Resource: resource}
	if refuse {
		d.kind, c.Conflict = "refuse", session.Refuse
	}
	began := time.Since(r.start)
	err := r.do(s, c)
	switch {
	case errors.Is(err, session.ErrConflict), err == nil:
		r.note(d, outcome{done: err == nil}, began)
	case errors.Is(err, events.ErrUnresolved):
		r.note(d, outcome{unknown: true}, began)
	case isRefusal(err):
		r.t.Errorf("bind: %v", err)
	}
	if refuse {
		return err == nil // and nobody was replaced
	}
	r.binds[connID(s)] = r.operation(d, outcome{unknown: errors.Is(err, events.ErrUnresolved)}, began)
	return err == nil
}

func isRefusal(err error) bool {
	return errors.Is(err, session.ErrGone) || errors.Is(err, session.ErrAlreadyBound) || errors.Is(err, session.ErrNotBound)
}

// look asks whether the session is live: by an event, or by asking for what it
// has already.
func (r *racer) look(s, resource string) bool {
	began := time.Since(r.start)
	err := r.do(s, session.RequestRoster{Session: id(s)})
	if err == nil || errors.Is(err, session.ErrGone) {
		r.note(deed{"look", s, resource}, outcome{done: err == nil}, began)
	}
	return err == nil
}

func (r *racer) close(s, resource string) {
	began := time.Since(r.start)
	err := r.do(s, session.Close{Session: id(s)})
	r.note(deed{"close", s, resource}, outcome{done: err == nil, unknown: err != nil}, began)
}

// historyOf is what the racers did and, from the log, whom they replaced, which
// happened while they were binding.
func historyOf(t *testing.T, log events.Log, racers []*racer) (history []porcupine.Operation) {
	for _, r := range racers {
		history = append(history, r.history...)
	}
	for st, err := range log.Read(t.Context(), events.Range{}) {
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := st.Event.(events.Closed); !ok || e.Reason != events.ReasonReplaced {
			continue
		}
		for _, r := range racers {
			if op, ok := r.binds[st.Cause]; ok {
				op.Input, op.Output = deed{"evict", nameOf(st.Session), op.Input.(deed).resource}, outcome{}
				history = append(history, op)
			}
		}
	}
	return history
}

// checkLinearizable fails if no order of the racers' commands explains what
// they were told.
func checkLinearizable(t *testing.T, history []porcupine.Operation) {
	t.Helper()
	kinds := make(map[string]int)
	for _, op := range history {
		kinds[fmt.Sprint(op.Input.(deed).kind, " ", op.Output)]++
	}
	t.Logf("%d operations: %v", len(history), kinds)
	switch result := porcupine.CheckOperationsTimeout(oneHolder.ToModel(), history, time.Minute); result {
	case porcupine.Ok:
	case porcupine.Illegal:
		t.Errorf("there is no order that explains what the clients were told")
	default:
		t.Errorf("the history is too large to check: %s", result)
	}
}
