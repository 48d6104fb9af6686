package api

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// positionTimeout is how long a request with min_seq waits at most.
const positionTimeout = 5 * time.Second

// Await waits for the position that a request demands, for handlers that know that whoever
// asks may. It reports false if it has answered.
func (s *Server) Await(w http.ResponseWriter, r *http.Request) bool {
	text := r.URL.Query().Get("min_seq")
	if text == "" {
		return true
	}
	seq, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		WriteProblem(w, Problem{Status: http.StatusBadRequest, Parameter: "min_seq", Detail: "min_seq is the sequence of a record, a whole number"})
		return false
	}
	if s.cfg.Position() >= events.Seq(seq) {
		return true
	}
	ctx, cancel := context.WithTimeout(r.Context(), positionTimeout)
	defer cancel()
	if s.cfg.AwaitPosition(ctx, events.Seq(seq)) == nil {
		w.Header().Set("Rollcall-Position", strconv.FormatUint(uint64(s.cfg.Position()), 10))
		return true
	}
	w.Header().Set("Retry-After", "1")
	WriteProblem(w, Problem{
		Status: http.StatusServiceUnavailable, Parameter: "min_seq",
		Detail: fmt.Sprintf("record %d has not come within %s; the last that is known is %d", seq, positionTimeout, s.cfg.Position()),
	})
	return false
}
