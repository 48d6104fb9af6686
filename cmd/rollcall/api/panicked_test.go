package api_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/api"
	"github.com/rollcall-xmpp/rollcall/events"
)

// broken is a server two of whose routes have a bug, one of them when its answer has begun,
// and its log.
func broken() (*api.Server, *bytes.Buffer) {
	log := &bytes.Buffer{}
	s := api.New(api.Config{Logger: slog.New(slog.NewTextHandler(log, nil)), Position: func() events.Seq { return 7 }})
	s.Handle("GET /broken", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("alice@localhost is not there") }))
	s.Handle("GET /half", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "half of")
		w.(http.Flusher).Flush()
		panic("the other half")
	}))
	return s, log
}

func TestAQuestionThatPanicsIsAnsweredCountedAndLoggedOnce(t *testing.T) {
	t.Parallel()
	s, log := broken()
	for range 3 {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/broken", nil))
		if w.Code != 500 || !strings.Contains(w.Body.String(), "panic") || strings.Contains(w.Body.String(), "alice") {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
	if status, body := s.Ask(t.Context(), api.Endpoint{Pattern: "GET /broken"}, "", nil); status != 500 || !strings.Contains(string(body), "panic") {
		t.Errorf("on NATS: %d %s", status, body)
	}
	if n := s.Panicked(); n != 4 {
		t.Errorf("%d are counted", n)
	}
	if text := log.String(); strings.Count(text, "level=ERROR") != 1 || !strings.Contains(text, "GET /broken") || strings.Contains(text, "alice@localhost is") {
		t.Errorf("the log has\n%s", text)
	}
}

func TestAnAnswerThatPanicsHalfwayIsNotTakenForWhole(t *testing.T) {
	t.Parallel()
	s, _ := broken()
	h := httptest.NewServer(s)
	t.Cleanup(h.Close)
	answer, err := http.Get(h.URL + "/half")
	must(t, err)
	defer answer.Body.Close()
	if body, err := io.ReadAll(answer.Body); err == nil {
		t.Errorf("%q is the whole answer", body)
	}
	if status, body := s.Ask(t.Context(), api.Endpoint{Pattern: "GET /half"}, "", nil); status != 500 || strings.Contains(string(body), "half of") {
		t.Errorf("on NATS: %d %s", status, body)
	}
	if n := s.Panicked(); n != 2 {
		t.Errorf("%d are counted", n)
	}
}
