package api

import (
	"fmt"
	"net/http"
	"runtime"
	"runtime/debug"
)

// A question that ends in a panic is a bug, and costs its answer: not the process, which
// holds sessions, and not the log, if it is asked over and over.

// Panicked is how many questions ended in a panic.
func (s *Server) Panicked() uint64 { return s.panicked.Load() }

// rescue is deferred by whoever answers. It answers in place of a handler that panics; an
// answer that has begun is cut off, so that nobody takes it for whole. Of each route one
// panic is logged.
func (s *Server) rescue(a *answered, r *http.Request) {
	cause := recover()
	if cause == nil {
		return
	}
	if cause == http.ErrAbortHandler {
		panic(cause)
	}
	s.panicked.Add(1)
	begun := a.status != 0
	a.status = http.StatusInternalServerError
	if _, again := s.panics.LoadOrStore(r.Pattern, true); !again {
		s.cfg.Logger.Error("a bug: a question ended in a panic; later ones at this route are only counted",
			"route", r.Pattern, "panic", causeOf(cause), "stack", string(debug.Stack()))
	}
	if begun {
		panic(http.ErrAbortHandler)
	}
	WriteProblem(a, Problem{Status: http.StatusInternalServerError, Detail: "a bug: the question ended in a panic, of which the service's log tells"})
}

// causeOf is a panic as a log may have it: other texts may name accounts.
func causeOf(cause any) string {
	if err, ok := cause.(runtime.Error); ok {
		return err.Error()
	}
	return fmt.Sprintf("%T", cause)
}
