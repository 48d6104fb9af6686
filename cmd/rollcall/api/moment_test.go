package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay"
	"github.com/rollcall-xmpp/rollcall/session/auth"
)

// Tables of the past are large, so a few are in memory at one time, and nobody waits for
// ever; questions about now wait for none of them.
func TestFewTablesOfThePastAreHeldAtOneTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, h, then := New(Config{}), &History{Ready: func() bool { return true }}, replay.Moment{Seq: 1}
		var ends []func()
		for range maxPasts {
			end, err := s.at(t.Context(), h, then)
			if err != nil {
				t.Fatal(err)
			}
			ends = append(ends, end)
		}
		began := time.Now()
		_, err := s.at(t.Context(), h, then)
		if p, ok := errors.AsType[Problem](err); !ok || p.Status != http.StatusServiceUnavailable || time.Since(began) != pastTimeout {
			t.Errorf("one more: %v after %s", err, time.Since(began))
		}
		if _, err := s.at(t.Context(), h, replay.Moment{}); err != nil {
			t.Errorf("now: %v", err)
		}
		time.AfterFunc(time.Second, ends[0])
		if _, err := s.at(t.Context(), h, then); err != nil {
			t.Errorf("one more, after another has ended: %v", err)
		}
		gone, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		began = time.Now()
		if _, err := s.at(gone, h, then); err == nil || time.Since(began) != time.Second {
			t.Errorf("whoever is gone waits on: %v", err)
		}
	})
}

// A moment that the log can't know, for one, is no failure of the service.
func TestAnErrorHasTheStatusOfItsCause(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]int{
		replay.ErrForgotten: http.StatusGone, replay.ErrFuture: http.StatusBadRequest, replay.ErrBackwards: http.StatusBadRequest,
		auth.ErrNoAccount: http.StatusNotFound, events.ErrUnavailable: http.StatusServiceUnavailable, context.DeadlineExceeded: http.StatusInternalServerError,
	} {
		if got := statusOf(fmt.Errorf("asked: %w", err)); got != want {
			t.Errorf("%v is answered with %d, want %d", err, got, want)
		}
	}
}

// A turn is over when the answer is known: a reader that is slow holds up nobody.
func TestNobodyWaitsForAReader(t *testing.T) {
	t.Parallel()
	s := New(Config{})
	for name, turns := range map[string]chan struct{}{"a past": s.pasts, "figures": s.folds, "a page of accounts": s.listings} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		q := &question{server: s, r: r, w: reading{httptest.NewRecorder(), func() {
			if len(turns) != 0 {
				t.Errorf("while %s is read the turn is held", name)
			}
		}}}
		take := map[string]func() (func(), error){
			"a past":             func() (func(), error) { return q.at(&History{}, replay.Moment{Seq: 1}) },
			"figures":            q.fold,
			"a page of accounts": func() (func(), error) { return q.listing(t.Context()) },
		}[name]
		end, err := take()
		if err != nil || len(turns) != 1 {
			t.Fatalf("%s: %v, %d turns", name, err, len(turns))
		}
		if err := q.give(1); err != nil {
			t.Error(err)
		}
		turns <- struct{}{} // another's
		if end(); len(turns) != 1 {
			t.Errorf("the turn of another ended with that of %s", name)
		}
	}
}

// A reading is told before something is written.
type reading struct {
	http.ResponseWriter
	told func()
}

func (r reading) Write(b []byte) (int, error) {
	r.told()
	return r.ResponseWriter.Write(b)
}
