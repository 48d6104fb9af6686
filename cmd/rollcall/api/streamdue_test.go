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
