package api_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/api/access"
)

// offer makes a code for a browser of root@host.
func (s *service) offer(scopes string, at time.Time) string {
	s.t.Helper()
	list, err := access.ParseScopes(scopes)
	must(s.t, err)
	code, err := access.Offer(s.t.Context(), s.bus.Tokens(), "root@host", list, at)
	must(s.t, err)
	return code
}

type ownToken struct {
	Token, Name string
	Scopes      []string
	Expires     *time.Time
	Browser     bool
}

// own expects that an answer about a token has a status.
func (s *service) own(method, shown string, want int) (t ownToken, text string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 30*time.Second)
	defer cancel()
	answer := s.do(ctx, method, shown, "/v1/token")
	text = textOf(s.t, answer)
	if answer.StatusCode != want {
		s.t.Fatalf("%s: %d %s, want %d", method, answer.StatusCode, text, want)
	}
	if want == http.StatusOK {
		must(s.t, json.Unmarshal([]byte(text), &t))
	}
	return t, text
}

// A token may be used from the moment at which it is given.
func TestACodeIsExchangedOnceForATokenAndThatIsOnRecord(t *testing.T) {
	t.Parallel()
	s := newService(t)
	code := s.offer("read,kick", time.Now())
	got, _ := s.own("POST", code, 200)
	left := time.Until(*got.Expires)
	if got.Name != "web:root@host" || strings.Join(got.Scopes, " ") != "read kick" || !got.Browser || left < 11*time.Hour || left > 12*time.Hour {
		t.Errorf("it is %+v", got)
	}
	if status, _, body := s.get(got.Token, "/v1/table"); status != 200 {
		t.Errorf("it reads %d %s", status, body)
	}
	s.own("POST", code, 401)
	s.own("POST", s.offer("read", time.Now().Add(-access.CodeLife)), 401)
	s.own("POST", "", 401)
	s.own("POST", got.Token, 401)
	s.own("GET", s.offer("read", time.Now()), 401)
	wantList(t, "on record", s.entries("web:root@host", "POST /v1/token"), "POST /v1/token of : ")
}

func TestWhatCannotBePutOnRecordGivesNoToken(t *testing.T) {
	t.Parallel()
	s := newService(t)
	code := s.offer("read", time.Now())
	s.audit.full.Store(true)
	if _, text := s.own("POST", code, 503); strings.Contains(text, "rct_") {
		t.Errorf("it is given all the same: %s", text)
	}
}

func TestATokenTellsOfItself(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for _, scopes := range []string{"read", "account:alice@localhost", "metrics"} {
		shown := s.add(scopes, scopes)
		s.await(shown)
		if got, text := s.own("GET", shown, 200); got.Name != scopes || strings.Join(got.Scopes, ",") != scopes || got.Expires != nil || got.Browser {
			t.Errorf("it is %s", text)
		}
		s.own("DELETE", shown, 403)
		s.own("GET", shown, 200)
	}
	s.own("GET", "", 401)
	s.own("GET", "rct_x_y", 401)
	s.own("DELETE", "", 401)
}

func TestABrowserEndsItsOwnToken(t *testing.T) {
	t.Parallel()
	s := newService(t)
	one, _ := s.own("POST", s.offer("read", time.Now()), 200)
	other, _ := s.own("POST", s.offer("read", time.Now()), 200)
	s.own("DELETE", one.Token, 204)
	for end := time.Now().Add(30 * time.Second); ; {
		if status, _, _ := s.get(one.Token, "/v1/table"); status == 401 {
			break
		}
		if time.Now().After(end) {
			t.Fatal("it still lets in")
		}
	}
	s.own("GET", other.Token, 200)
	wantList(t, "on record", s.entries("web:root@host", "DELETE /v1/token"), "DELETE /v1/token of : ")
}

// Whoever guesses codes keeps nobody out who has one.
func TestGuessesOfCodesAreFew(t *testing.T) {
	t.Parallel()
	s := newService(t)
	code := s.offer("read", time.Now())
	s.await(s.add("later", "read")) // so that the code is known
	n := 0
	for ; n < 1000; n++ {
		answer := s.do(t.Context(), "POST", "rcc_x_y", "/v1/token")
		if text := textOf(t, answer); answer.StatusCode == 429 && answer.Header.Get("Retry-After") != "" {
			break
		} else if answer.StatusCode != 401 {
			t.Fatal(text)
		}
	}
	if n < 10 || n > 200 {
		t.Errorf("%d were tried", n)
	}
	s.own("POST", code, 200)
}
