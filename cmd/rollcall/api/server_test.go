package api_test

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/api"
	"github.com/rollcall-xmpp/rollcall/events"
)

// A place has a server on a port of its own.
type place struct {
	t   *testing.T
	url string
}

// serve serves at position 7; later ones come only when the test says so.
func serve(t *testing.T, come <-chan struct{}, mount func(*api.Server)) *place {
	server := api.New(api.Config{
		Position: func() events.Seq { return 7 },
		AwaitPosition: func(ctx context.Context, seq events.Seq) error {
			select {
			case <-come:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		},
	})
	mount(server)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- server.Serve(ctx, l, nil) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return &place{t, "http://" + l.Addr().String()}
}

func (p *place) do(method, path string) (*http.Response, string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), 30*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, p.url+path, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return answer, string(body)
}

// problem expects one whose detail has a text.
func (p *place) problem(method, path string, status int, detail string) *http.Response {
	p.t.Helper()
	answer, body := p.do(method, path)
	var got api.Problem
	if err := json.Unmarshal([]byte(body), &got); err != nil || answer.Header.Get("Content-Type") != "application/problem+json" {
		p.t.Errorf("%s %s: not a problem: %s %q", method, path, answer.Header.Get("Content-Type"), body)
	}
	if answer.StatusCode != status || got.Status != status || got.Title != http.StatusText(status) || !strings.Contains(got.Detail, detail) {
		p.t.Errorf("%s %s: %d %+v, want %d %q", method, path, answer.StatusCode, got, status, detail)
	}
	return answer
}

func hello(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") }

// waiting says hello at the position that is demanded.
func waiting(s *api.Server) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.Await(w, r) {
			hello(w, r)
		}
	})
}

func TestEveryAnswerNamesItsPosition(t *testing.T) {
	t.Parallel()
	p := serve(t, nil, func(s *api.Server) { s.Handle("GET /hello", http.HandlerFunc(hello)) })
	answer, body := p.do("GET", "/hello")
	if body != "hello" || answer.Header.Get("Rollcall-Position") != "7" {
		t.Errorf("%q at %q", body, answer.Header.Get("Rollcall-Position"))
	}
	if answer := p.problem("GET", "/other", 404, "there is nothing"); answer.Header.Get("Rollcall-Position") != "7" {
		t.Error("a problem names none")
	}
}

func TestAMethodThatAPathIsNotForIsNamed(t *testing.T) {
	t.Parallel()
	p := serve(t, nil, func(s *api.Server) { s.Handle("GET /hello", http.HandlerFunc(hello)) })
	if answer := p.problem("DELETE", "/hello", 405, "for GET"); answer.Header.Get("Allow") != "GET" {
		t.Errorf("allowed is %q", answer.Header.Get("Allow"))
	}
}

func TestARequestWaitsForThePositionThatItDemands(t *testing.T) {
	t.Parallel()
	come := make(chan struct{})
	p := serve(t, come, func(s *api.Server) { s.Handle("GET /hello", waiting(s)) })
	for _, path := range []string{"/hello?min_seq=6", "/hello?min_seq=7"} {
		if _, body := p.do("GET", path); body != "hello" {
			t.Errorf("%s: %q", path, body)
		}
	}
	close(come)
	if _, body := p.do("GET", "/hello?min_seq=8"); body != "hello" {
		t.Errorf("it came, and the answer is %q", body)
	}
	p.problem("GET", "/hello?min_seq=-1", 400, "whole number")
}

func TestAPositionIsNotWaitedForInVain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := api.New(api.Config{
			Position: func() events.Seq { return 7 },
			AwaitPosition: func(ctx context.Context, _ events.Seq) error {
				<-ctx.Done()
				return ctx.Err()
			},
		})
		server.Handle("GET /hello", waiting(server))
		w, began := httptest.NewRecorder(), time.Now()
		server.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/hello?min_seq=8", nil))
		if d := time.Since(began); d != 5*time.Second || w.Code != 503 || !strings.Contains(w.Body.String(), "the last that is known is 7") {
			t.Errorf("%d %s after %s", w.Code, w.Body, d)
		}
	})
}

func TestNoMoreRequestsThanAreBearableAreAnsweredAtATime(t *testing.T) {
	t.Parallel()
	entered, leave := make(chan struct{}), make(chan struct{})
	p := serve(t, nil, func(s *api.Server) {
		s.Handle("GET /slow", http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			entered <- struct{}{}
			<-leave
		}))
	})
	done := make(chan struct{})
	for range 256 {
		go func() {
			p.do("GET", "/slow")
			done <- struct{}{}
		}()
		<-entered
	}
	if answer := p.problem("GET", "/slow", 503, "too many requests"); answer.Header.Get("Retry-After") == "" {
		t.Error("it is not said when to try again")
	}
	close(leave)
	for range 256 {
		<-done
	}
}
