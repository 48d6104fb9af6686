package api

import (
	"net/http"
	"time"
)

// answered notes the status of an answer, for Config.Answered.
type answered struct {
	http.ResponseWriter
	status int
}

func (a *answered) WriteHeader(status int) {
	if a.status == 0 && status >= http.StatusOK { // others are not the last word
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answered) Write(b []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	return a.ResponseWriter.Write(b)
}

// Flush lets streams through that ask for an http.Flusher.
func (a *answered) Flush() { http.NewResponseController(a.ResponseWriter).Flush() }

// Unwrap is for http.ResponseController.
func (a *answered) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// count tells of a request that is answered.
func (s *Server) count(a *answered, r *http.Request, begin time.Time) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	pattern := r.Pattern
	if pattern == "/" {
		pattern = "" // of notFound
	}
	s.cfg.Answered(pattern, a.status, time.Since(begin))
}
