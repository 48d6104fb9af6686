package api

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// However far behind it is, a stream that is summed up tells of events at its pace.
func TestAStreamThatIsBehindSumsUpWhatIsDue(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	s := stream{question: &question{w: w}, selection: &selection{}, control: http.NewResponseController(w), pace: time.Second, digest: &digest{types: map[string]int{}}, flushed: time.Now()}
	for _, due := range []bool{false, true} {
		s.digest.add("session.bound", nil)
		if due {
			s.flushed = s.flushed.Add(-time.Second)
		}
		if err := s.flushMuch(); err != nil || strings.Contains(w.Body.String(), "event: digest") != due {
			t.Errorf("due: %t: %v %s", due, err, w.Body)
		}
	}
}

// While none of the records read is meant, a reader is told where to go on all the same;
// but not beyond those still to be summed up.
func TestAStreamThatTellsNothingTellsItsPosition(t *testing.T) {
	t.Parallel()
	for _, step := range []struct {
		silent  time.Duration
		pending bool
		want    string
	}{
		{heartbeat - time.Second, false, ""},
		{heartbeat, false, ": the log was read up to 4711\nid: 4711\n\n"},
		{heartbeat, true, ""},
	} {
		w := httptest.NewRecorder()
		s := stream{question: &question{w: w}, selection: &selection{after: 4711}, control: http.NewResponseController(w), digest: &digest{types: map[string]int{}}, flushed: time.Now().Add(-step.silent)}
		if step.pending {
			s.digest.add("session.bound", nil)
		}
		if err := s.tellPosition(); err != nil || w.Body.String() != step.want {
			t.Errorf("silent for %s, pending: %t: %v %q", step.silent, step.pending, err, w.Body)
		}
	}
}
