package api_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// create makes an account, as rollcall user add does.
func (s *service) create(account string) {
	s.t.Helper()
	must(s.t, s.accounts.Create(s.t.Context(), events.StoredJID(account), "a password"))
	s.act(account, session.CreateAccount{})
}

// remove removes it, as rollcall user rm does.
func (s *service) remove(account string) {
	s.t.Helper()
	jid := events.StoredJID(account)
	doc, err := s.bus.Accounts().Get(s.t.Context(), jid)
	must(s.t, err)
	must(s.t, s.bus.Accounts().Delete(s.t.Context(), jid, doc.Revision))
	s.act(account, session.RemoveAccount{})
}

// A token of an account is good for that life of the account: not after its removal, and not
// for whoever has the name next.
func TestATokenOfAnAccountEndsWithTheAccount(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.create("alice@localhost")
	s.create("bob@localhost")
	s.login("alice@localhost", "phone", "192.0.2.7:5222")
	old := s.add("old", "account:alice@localhost,account:bob@localhost")
	s.await(old)
	paths := []string{"/v1/accounts/alice@localhost/history", "/v1/events?account=alice@localhost", "/v1/accounts/alice@localhost/export", "/v1/contacts?of=bob@localhost&who=alice@localhost"}
	asks := func(token string, want int, text string) {
		t.Helper()
		for _, path := range paths {
			status, _, body := s.get(token, path)
			if status != want || !strings.Contains(body, text) {
				t.Errorf("%s: %d %.300s", path, status, body)
			}
		}
	}
	const refused = "this token was made for an earlier account of this name; make another"
	asks(old, 200, "")
	s.remove("alice@localhost")
	asks(old, 403, refused)
	between := s.add("between", "account:alice@localhost,account:bob@localhost")
	s.await(between)
	for _, path := range paths[:3] {
		if status, _, body := s.get(between, path); status != 200 {
			t.Errorf("%s between both: %d %s", path, status, body)
		}
	}
	s.create("alice@localhost")
	s.login("alice@localhost", "laptop", "198.51.100.1:5222")
	asks(old, 403, refused)
	asks(between, 403, refused)
	if status, _, body := s.get(old, "/v1/accounts/bob@localhost/history"); status != 200 {
		t.Errorf("the other account of the token: %d %s", status, body)
	}
	newer := s.add("newer", "account:alice@localhost,account:bob@localhost")
	s.await(newer)
	asks(newer, 200, "")
}

// The addresses that a token of an account shows beside those networks that it may read of
// all are not those of the next account of the name.
func TestATokenOfAnEarlierAccountShowsNoAddressOfTheNext(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.create("alice@localhost")
	token := s.add("both", "read,account:alice@localhost")
	s.await(token)
	s.remove("alice@localhost")
	s.create("alice@localhost")
	s.login("alice@localhost", "laptop", "198.51.100.1:5222")
	status, _, body := s.get(token, "/v1/events?account=alice@localhost")
	if status != 200 || strings.Contains(body, "198.51.100.1") || !strings.Contains(body, "198.51.100.0/24") {
		t.Errorf("%d %s", status, body)
	}
}

// A stream or download with a token of an account ends with the account.
func TestAStreamEndsWithTheAccountOfItsToken(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.create("alice@localhost")
	token := s.add("hers", "account:alice@localhost")
	s.await(token)
	answer := s.request(t.Context(), token, "/v1/events/stream?account=alice@localhost")
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Fatal(answer.Status)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		io.Copy(io.Discard, answer.Body)
	}()
	s.remove("alice@localhost")
	s.create("alice@localhost")
	for i, end := 0, time.Now().Add(30*time.Second); time.Now().Before(end); i++ {
		s.login(fmt.Sprintf("u%d@localhost", i), "r", "192.0.2.7:5222")
		select {
		case <-ended:
			return
		default:
		}
	}
	t.Fatal("it goes on")
}
