package api_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/api"
	"github.com/rollcall-xmpp/rollcall/events"
)

// A process that has too much to do must not look dead to whoever would kill it.
func TestHealthIsAnsweredHoweverManyRequestsAre(t *testing.T) {
	t.Parallel()
	entered, leave := make(chan struct{}), make(chan struct{})
	p := serve(t, nil, func(s *api.Server) {
		s.Handle("GET /slow", http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			entered <- struct{}{}
			<-leave
		}))
		s.HandleAlways("/livez", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "yes") }))
	})
	var slow sync.WaitGroup
	defer slow.Wait()
	defer close(leave)
	for range 256 {
		slow.Go(func() { p.do("GET", "/slow") })
		<-entered
	}
	if answer, _ := p.do("GET", "/slow"); answer.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("the 257th is answered with %s", answer.Status)
	}
	if answer, body := p.do("GET", "/livez"); answer.StatusCode != http.StatusOK || body != "yes" {
		t.Errorf("health is answered with %s: %s", answer.Status, body)
	}
	p.problem("POST", "/livez", http.StatusMethodNotAllowed, "for GET")
}

func TestEachAnswerIsToldByItsPatternNeverByItsPath(t *testing.T) {
	t.Parallel()
	type told struct {
		pattern string
		status  int
	}
	var got []told
	s := api.New(api.Config{
		Position: func() events.Seq { return 1 },
		Answered: func(pattern string, status int, _ time.Duration) { got = append(got, told{pattern, status}) },
	})
	s.Handle("GET /v1/accounts/{jid}", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.(http.Flusher).Flush()
	}))
	s.HandleAlways("/livez", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	for _, path := range []string{"/v1/accounts/alice@localhost", "/livez", "/alice@localhost"} {
		s.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", path, nil))
	}
	want := []told{{"GET /v1/accounts/{jid}", 200}, {"GET /livez", 418}, {"", 404}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
