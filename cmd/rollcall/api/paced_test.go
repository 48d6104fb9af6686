package api

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// A watched writer knows until when it may write, and what held while it did.
type watched struct {
	*httptest.ResponseRecorder
	deadline time.Time
	writing  []time.Time
}

func (w *watched) SetWriteDeadline(t time.Time) error {
	w.deadline = t
	return nil
}

func (w *watched) SetReadDeadline(time.Time) error { return nil }

func (w *watched) Write(b []byte) (int, error) {
	w.writing = append(w.writing, w.deadline)
	return w.ResponseRecorder.Write(b)
}

func (w *watched) FlushError() error {
	w.writing = append(w.writing, w.deadline)
	return nil
}

// However long an answer takes to be found, no deadline ends it but that of a reader that
// does not take what is written.
func TestOnlyAReaderThatTakesNothingEndsAnAnswer(t *testing.T) {
	t.Parallel()
	w := &watched{ResponseRecorder: httptest.NewRecorder()}
	route := &Route{Pattern: "GET /", serve: func(_ *History, q *question) error {
		for range 2 {
			if !w.deadline.IsZero() {
				t.Error("what is looked for has a deadline")
			}
			q.w.Write([]byte("found"))
			http.NewResponseController(q.w).Flush()
		}
		return nil
	}}
	(&Server{}).question(&History{}, nil, route)(w, httptest.NewRequest("GET", "/", nil))
	if len(w.writing) != 4 {
		t.Fatalf("it was written and flushed %d times", len(w.writing))
	}
	for _, deadline := range append(w.writing, w.deadline) { // the last is for what the server flushes
		if deadline.IsZero() {
			t.Error("what is written has no deadline")
		}
	}
}
