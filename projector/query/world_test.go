package query

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector"
	"github.com/rollcall-xmpp/rollcall/session"
)

// A scribe writes a log, and folds each record into the table as a projector
// does.
type scribe struct {
	t     *testing.T
	log   *bustest.Log
	table *projector.Table
}

func newScribe(t *testing.T) *scribe {
	return &scribe{t: t, log: bustest.NewLog(), table: projector.NewTable()}
}

func (s *scribe) do(account string, commands ...session.Command) {
	s.t.Helper()
	for _, c := range commands {
		bare := jid(account)
		steps, err := session.Decide(s.table.Account(bare), c)
		if err != nil {
			s.t.Fatal(err)
		}
		for _, step := range steps {
			r := events.Record{
				ID: events.NewEventID(time.Now()), Session: step.Session, JID: step.JID, Event: step.Event,
				Connector: events.Incarnation{Name: "c1", Epoch: 7},
			}
			if r.JID.IsZero() {
				r.JID = bare
			}
			if a := s.table.Account(bare); a != nil {
				r.Prev = a.Seq
			}
			if _, err := s.log.Append(s.t.Context(), &r); err != nil {
				s.t.Fatal(err)
			}
			st, err := s.log.Last(s.t.Context(), bare)
			if err != nil {
				s.t.Fatal(err)
			}
			st.Stream = bustest.Stream
			s.table.Fold(&st)
		}
	}
}

// online logs a session in.
func (s *scribe) online(n byte, account, resource string, priority int8) {
	s.t.Helper()
	id := events.SessionID{15: n}
	s.do(account, session.Authenticate{Session: id, Mechanism: "PLAIN", Address: "192.0.2.1:50123", Role: "member"}, session.Bind{Session: id, Resource: resource},
		session.BecomeAvailable{Session: id, Priority: priority})
}

func jid(s string) events.JID {
	j, err := events.ParseJID(s)
	if err != nil {
		panic(err)
	}
	return j
}

var errNobody = errors.New("nobody answers")

// A wire brings questions to those who answer in this process.
type wire struct {
	mu       sync.Mutex
	handlers map[string]func(context.Context, []byte, func([]byte) error) error
}

func (w *wire) Answer(verb, _ string, handle func(context.Context, []byte, func([]byte) error) error) (func(), error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.handlers == nil {
		w.handlers = map[string]func(context.Context, []byte, func([]byte) error) error{}
	}
	w.handlers[verb] = handle
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.handlers, verb)
	}, nil
}

func (w *wire) Ask(ctx context.Context, verb string, request []byte) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		w.mu.Lock()
		handle := w.handlers[verb]
		w.mu.Unlock()
		if handle == nil {
			yield(nil, errNobody)
			return
		}
		left := false
		err := handle(ctx, request, func(chunk []byte) error {
			if left = !yield(chunk, nil); left {
				return errors.New("the asker is gone")
			}
			return nil
		})
		if err != nil && !left {
			yield(nil, err)
		}
	}
}

// serve answers for the scribe's table until the test ends or stop is called.
func (s *scribe) serve(a Answerer) (stop func()) {
	s.t.Helper()
	stop, err := Answer(a, s.table, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	stop = sync.OnceFunc(stop)
	s.t.Cleanup(stop)
	return stop
}

// collect gives an answer, each value as text.
func collect[V any](t *testing.T, answer iter.Seq2[V, error]) (all []string) {
	t.Helper()
	for v, err := range answer {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, fmt.Sprint(v))
	}
	return all
}

// last is the error that an answer ends with.
func last[V any](answer iter.Seq2[V, error]) (err error) {
	for _, err = range answer {
	}
	return err
}
