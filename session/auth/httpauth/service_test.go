package httpauth

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/auth"
	"github.com/rollcall-xmpp/rollcall/session/auth/authtest"
)

const secret = "shared by both"

// A website knows two users, and can fail.
type website struct {
	*httptest.Server
	passwords map[string]string
	fault     atomic.Pointer[http.HandlerFunc] // answers in its place
	asked     atomic.Int64
}

func startWebsite(t *testing.T) *website {
	w := &website{passwords: map[string]string{"alice": "wonder land", "bob": "päss\"word"}}
	w.Server = httptest.NewServer(http.HandlerFunc(w.serve))
	t.Cleanup(func() {
		w.CloseClientConnections()
		w.Close()
	})
	return w
}

func (w *website) serve(out http.ResponseWriter, r *http.Request) {
	w.asked.Add(1)
	if fault := w.fault.Load(); fault != nil {
		body, _ := io.ReadAll(r.Body) // or the server does not notice that nobody waits
		r.Body = io.NopCloser(bytes.NewReader(body))
		(*fault)(out, r)
		return
	}
	var q map[string]string
	if r.Header.Get("Authorization") != "Bearer "+secret || json.NewDecoder(r.Body).Decode(&q) != nil {
		out.WriteHeader(http.StatusForbidden)
		return
	}
	result := "unknown"
	if right, ok := w.passwords[q["user"]]; ok && q["domain"] == authtest.Domain {
		if result = "wrong"; q["password"] == right {
			result = "right"
		}
	}
	say(out, result)
}

func say(out http.ResponseWriter, result string) {
	out.Header().Set("Content-Type", "application/json; charset=utf-8")
	fmt.Fprintf(out, `{"result":%q,"more":[]}`, result)
}

func (w *website) service(t *testing.T, keep time.Duration) *Service {
	t.Helper()
	s, err := New(Config{URL: w.URL + "/check", Secret: secret, Keep: keep})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func TestAnHTTPServiceIsAVerifier(t *testing.T) {
	t.Parallel()
	for _, keep := range []time.Duration{0, MaxKeep} {
		t.Run(keep.String(), func(t *testing.T) {
			t.Parallel()
			authtest.Run(t, func(t *testing.T) *authtest.World {
				w := startWebsite(t)
				return &authtest.World{
					Verifier: w.service(t, keep),
					Right:    func(account events.JID) string { return w.passwords[account.Local()] },
					Faults:   w.faults(),
					Mend:     func() { w.fault.Store(nil) },
				}
			})
		})
	}
}

// faults are all that a service can do wrong.
func (w *website) faults() map[string]func() {
	by := func(f http.HandlerFunc) func() { return func() { w.fault.Store(&f) } }
	text := func(kind, body string) http.HandlerFunc {
		return func(out http.ResponseWriter, _ *http.Request) {
			out.Header().Set("Content-Type", kind)
			io.WriteString(out, body)
		}
	}
	status := func(code int) http.HandlerFunc {
		return func(out http.ResponseWriter, r *http.Request) {
			out.Header().Set("Content-Type", "application/json")
			out.Header().Set("Location", "/elsewhere")
			out.WriteHeader(code)
			io.Copy(out, r.Body) // it quotes the question
			io.WriteString(out, `{"result":"right"}`)
		}
	}
	all := map[string]func(){
		"it hangs":           by(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }),
		"it hangs up":        by(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }),
		"a page for people":  by(text("text/html", "<html>Please log in")),
		"a page for anybody": by(text("application/json", "<html>Please log in")),
		"JSON as text":       by(text("text/plain", `{"result":"right"}`)),
		"another word":       by(text("application/json", `{"result":"maybe"}`)),
		"another case":       by(text("application/json", `{"result":"RIGHT"}`)),
		"another name":       by(text("application/json", `{"ok":true}`)),
		"no object":          by(text("application/json", `["right"]`)),
		"nothing":            by(text("application/json", "")),
		"two answers":        by(text("application/json", `{"result":"right"}{"result":"wrong"}`)),
		"too much":           by(text("application/json", `{"result":"right"`+strings.Repeat(" ", maxAnswer)+"}")),
		"no end": by(func(out http.ResponseWriter, _ *http.Request) {
			out.Header().Set("Content-Type", "application/json")
			for {
				if _, err := io.WriteString(out, strings.Repeat(" ", 10_000)); err != nil {
					return
				}
			}
		}),
		"too long a header": by(func(out http.ResponseWriter, _ *http.Request) {
			out.Header().Set("X", strings.Repeat("x", maxHeader))
			say(out, "right")
		}),
		"drop by drop": by(func(out http.ResponseWriter, r *http.Request) {
			out.Header().Set("Content-Type", "application/json")
			for _, b := range []byte(`{"result":"right"}`) {
				out.Write([]byte{b})
				out.(http.Flusher).Flush()
				select {
				case <-time.After(50 * time.Millisecond):
				case <-r.Context().Done():
					return
				}
			}
		}),
	}
	for _, code := range []int{201, 204, 302, 307, 400, 401, 403, 404, 429, 500, 503} {
		all[http.StatusText(code)] = by(status(code))
	}
	return all
}

func TestAServiceThatIsGoneGivesNoAnswer(t *testing.T) {
	t.Parallel()
	w := startWebsite(t)
	s := w.service(t, 0)
	w.Close()
	if err := s.Check(t.Context(), authtest.Alice, "wonder land"); auth.IsAnswer(err) {
		t.Errorf("%v", err)
	}
}

func TestEveryResultHasAnAnswer(t *testing.T) {
	t.Parallel()
	w := startWebsite(t)
	for result, want := range results {
		fault := http.HandlerFunc(func(out http.ResponseWriter, _ *http.Request) { say(out, result) })
		w.fault.Store(&fault)
		if err := w.service(t, 0).Check(t.Context(), authtest.Alice, "x"); !errors.Is(err, want) {
			t.Errorf("%s: %v", result, err)
		}
	}
}

func TestTheServiceIsToldTheSecretAndNothingGoesElsewhere(t *testing.T) {
	t.Parallel()
	w, other := startWebsite(t), startWebsite(t)
	to := http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		http.Redirect(out, r, other.URL, http.StatusTemporaryRedirect)
	})
	w.fault.Store(&to)
	if err := w.service(t, 0).Check(t.Context(), authtest.Alice, "wonder land"); auth.IsAnswer(err) || other.asked.Load() > 0 {
		t.Errorf("%v, and the other was asked %d times", err, other.asked.Load())
	}
	s, err := New(Config{URL: other.URL, Secret: "another"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Check(t.Context(), authtest.Alice, "wonder land"); auth.IsAnswer(err) {
		t.Errorf("with another secret: %v", err)
	}
}

// asks counts how often a service asked for what do does.
func (w *website) asks(do func()) int64 {
	before := w.asked.Load()
	do()
	return w.asked.Load() - before
}

func TestARightPasswordIsRememberedAndNothingElse(t *testing.T) {
	t.Parallel()
	w := startWebsite(t)
	s := w.service(t, MaxKeep)
	check := func(password string) error { return s.Check(t.Context(), authtest.Alice, password) }
	expect := func(what string, asked int64, password string, want error) {
		t.Helper()
		var err error
		if n := w.asks(func() { err = check(password) }); n != asked || !errors.Is(err, want) {
			t.Errorf("%s: %v, asked %d times", what, err, n)
		}
	}
	expect("the first time", 1, "wonder land", nil)
	expect("again", 0, "wonder land", nil)
	expect("a wrong one", 1, "wrong", auth.ErrWrongPassword)
	expect("a wrong one again", 1, "wrong", auth.ErrWrongPassword)
	expect("the right one after it", 0, "wonder land", nil)
	w.passwords["alice"] = "other"
	expect("a new one", 1, "other", nil)
	expect("the old one", 1, "wonder land", auth.ErrWrongPassword)
	delete(w.passwords, "alice")
	expect("removed", 1, "wrong", auth.ErrNoAccount)
	expect("the last one, of one that was removed", 1, "other", auth.ErrNoAccount)
}

func TestWithoutACacheEveryPasswordIsAskedAbout(t *testing.T) {
	t.Parallel()
	w := startWebsite(t)
	s := w.service(t, 0)
	for range 2 {
		if n := w.asks(func() { s.Check(t.Context(), authtest.Alice, "wonder land") }); n != 1 {
			t.Errorf("asked %d times", n)
		}
	}
}

func TestWhatIsRememberedEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k := newKept(time.Minute)
		k.put(authtest.Alice, "x", time.Now())
		time.Sleep(time.Minute - time.Nanosecond)
		if !k.has(authtest.Alice, "x") || k.has(authtest.Bob, "x") || k.has(authtest.Alice, "y") {
			t.Error("another is remembered")
		}
		time.Sleep(time.Nanosecond)
		if k.has(authtest.Alice, "x") {
			t.Error("it does not end")
		}
	})
}

func TestConfigurationsThatCanNotWorkAreRefused(t *testing.T) {
	t.Parallel()
	for want, cfg := range map[string]Config{
		"url: give":           {URL: "example.org/check"},
		"url: give https":     {URL: "ftp://example.org"},
		"url: give https://H": {URL: "https://user:pw@example.org"},
		"in the clear":        {URL: "http://example.org"},
		"cache: ":             {URL: "https://example.org", Keep: MaxKeep + 1},
		"cache: -":            {URL: "https://example.org", Keep: -1},
	} {
		if _, err := New(cfg); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "pw") {
			t.Errorf("%+v: %v, want %s", cfg, err, want)
		}
	}
}

// A service that takes no connection at all is as good as one that is gone.
func TestAServiceThatDoesNotSpeakGivesNoAnswer(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			io.WriteString(c, "SSH-2.0-x\r\n")
			c.Close()
		}
	}()
	s, err := New(Config{URL: "http://" + l.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Check(t.Context(), authtest.Alice, "wonder land"); auth.IsAnswer(err) {
		t.Errorf("%v", err)
	}
}
