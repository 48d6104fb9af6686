package api_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// A stay is one session as the API tells it.
type stay struct {
	Session struct{ JID, Address string }
	Began   string
	Ended   string
	Reason  string
	By      string
	Why     string
	Millis  int64 `json:"duration_ms"`
	Items   []oneStep
	Next    struct{ After events.Seq }

	Complete bool
}

type oneStep struct {
	Sentence string
	Event    event
}

func (s *service) stay(token string, id events.SessionID, query string) (v stay) {
	s.t.Helper()
	s.answer(token, "/v1/sessions/"+id.String()+"?"+query, 200, &v)
	return v
}

func TestASessionIsToldFromItsBeginningToItsEnd(t *testing.T) {
	t.Parallel()
	s := newService(t)
	waited := s.login("alice@localhost", "phone", "192.0.2.7:5222")
	until := time.Now().Add(time.Hour)
	s.act("alice@localhost", session.EnableStreamManagement{Session: waited, Resumable: true, Max: 3600, TokenHash: "x"},
		session.Detach{Session: waited, Reason: events.ReasonConnectionLost, Now: until.Add(-time.Hour).UnixNano()},
		session.Close{Session: waited, Reason: events.ReasonTimeout})
	replaced := s.login("bob@localhost", "desk", "192.0.2.8:5222")
	replacing := s.login("bob@localhost", "desk", "192.0.2.9:5222")
	kicked := s.login("carol@localhost", "x", "192.0.2.10:5222")
	s.act("carol@localhost", session.Kick{Session: kicked, Text: "spam", By: "token ops"})
	goes := s.login("dave@localhost", "y", "192.0.2.11:5222")
	s.act("dave@localhost", session.BecomeAvailable{Session: goes, Priority: 7, Stanza: "<presence/>"})
	for id, want := range map[events.SessionID]string{
		waited:    "alice@localhost/phone timeout its connection was lost at .* (connection_lost), and it was not resumed by " + until.UTC().Format(time.RFC3339) + " 5",
		replaced:  "bob@localhost/desk replaced another client took the same full JID, the session " + replacing.String() + " 3",
		kicked:    "carol@localhost/x kicked an administrator ended it: spam, by token ops 3",
		goes:      "dave@localhost/y  it goes on: available with priority 7 3",
		replacing: "bob@localhost/desk  it goes on: connected, without presence 2",
	} {
		v := s.stay(s.token, id, "")
		head, tail, wild := strings.Cut(want, ".*")
		got := fmt.Sprintf("%s %s %s %d", v.Session.JID, v.Reason, v.Why, len(v.Items))
		if !wild && got != want || !strings.HasPrefix(got, head) || !strings.HasSuffix(got, tail) {
			t.Errorf("%s, want %s", got, want)
		}
		if (v.Ended == "") != (v.Reason == "") || v.Began == "" || v.Millis < 0 || !v.Complete {
			t.Errorf("%s: %+v", got, v)
		}
	}
	if got := s.stay(s.token, kicked, "").Items[2].Sentence; got != "x ended on connector c1: an administrator ended it: spam, by token ops." {
		t.Errorf("its end is told as %q", got)
	}
	checkPages(t, s, waited)
}

// checkPages expects the same events however they are paged.
func checkPages(t *testing.T, s *service, id events.SessionID) {
	t.Helper()
	var got []events.Seq
	for after := events.Seq(0); ; {
		v := s.stay(s.token, id, fmt.Sprintf("limit=2&after=%d", after))
		for i := range v.Items {
			got = append(got, v.Items[i].Event.seq())
		}
		if v.Reason != "timeout" || len(v.Items) > 2 {
			t.Fatalf("a page is %+v", v)
		}
		if after = v.Next.After; v.Complete {
			break
		}
	}
	if want := upTo(5); !slices.Equal(got, want) {
		t.Errorf("paged there are %v, want %v", got, want)
	}
}

func TestASessionIsForThoseWhoMayReadOfItsAccount(t *testing.T) {
	t.Parallel()
	s := newService(t)
	mine, other := s.login("alice@localhost", "phone", "192.0.2.7:5222"), s.login("bob@localhost", "phone", "192.0.2.7:5222")
	s.act("alice@localhost", session.Close{Session: mine, Reason: events.ReasonClient})
	alice, reader := s.add("alice", "account:alice@localhost"), s.add("reader", "read")
	s.await(alice)
	s.await(reader)
	if v := s.stay(alice, mine, "account=alice@localhost"); v.Session.Address != "192.0.2.7:5222" || v.Items[0].Event.Data.Address != "192.0.2.7:5222" {
		t.Errorf("of oneself: %+v", v)
	}
	v := s.stay(reader, mine, "")
	if v.Session.Address != "192.0.2.0/24" || v.Items[0].Event.Data.Address != "192.0.2.0/24" || !strings.Contains(v.Items[0].Sentence, " from 192.0.2.0/24 ") {
		t.Errorf("without the scope read:address: %+v", v)
	}
	s.answer(alice, "/v1/sessions/"+mine.String(), 403, nil)
	s.answer(alice, "/v1/sessions/"+other.String()+"?account=bob@localhost", 403, nil)
	nothing := s.answer(alice, "/v1/sessions/"+events.NewSessionID(time.Now()).String()+"?account=alice@localhost", 404, nil)
	of := s.answer(alice, "/v1/sessions/"+other.String()+"?account=alice@localhost", 404, nil)
	if len(of) != len(nothing) || !strings.Contains(of, "which begins with record 1 at 20") {
		t.Errorf("whether there is such a session of somebody else is told: %s and %s", of, nothing)
	}
	found := s.entries("reader", "GET /v1/sessions/{id}")
	wantList(t, "on record", found, "GET /v1/sessions/{id} of alice@localhost: id="+mine.String())
	for began, hint := range map[time.Time]bool{time.Unix(1e9, 0): true, time.Now(): false, time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC): false} {
		if body := s.answer(s.token, "/v1/sessions/"+events.NewSessionID(began).String(), 404, nil); strings.Contains(body, "name that with account") != hint {
			t.Errorf("a session of %s: %s", began, body)
		}
	}
	s.answer(s.token, "/v1/sessions/x", 400, nil)
}

type history struct {
	Items []oneStep
	Next  struct {
		After  events.Seq
		Failed string `json:"failed_since"`
	}
	Complete bool
}

// guess publishes failed logins, and waits until all that there were are stored.
func (s *service) guess(stored int, accounts ...string) {
	s.t.Helper()
	for _, account := range accounts {
		s.fail(account+"@localhost", "198.51.100.9:4711")
	}
	s.awaitFailed(stored + len(accounts))
}

// The history of an account is whole and in order, failed logins too, however it is paged.
func TestAnAccountsHistoryHasItsFailedLogins(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.guess(0, "alice", "bob", "alice")
	first := s.login("alice@localhost", "phone", "192.0.2.7:5222")
	s.login("bob@localhost", "phone", "192.0.2.7:5222")
	s.guess(3, "bob", "alice", "alice")
	last := s.act("alice@localhost", session.Close{Session: first, Reason: events.ReasonClient})
	s.guess(6, "alice")
	failed := "A login failed from 198.51.100.9:4711 with PLAIN: not-authorized."
	want := []string{
		failed, failed, "A client logged in on connector c1 from 192.0.2.7:5222 with SCRAM-SHA-256 in the clear.", "The session is bound as phone.",
		failed, failed, "phone ended on connector c1: the client logged out.", failed,
	}
	const path = "/v1/accounts/alice@localhost/history?"
	for limit := 1; limit <= 9; limit++ {
		var got []string
		query := ""
		for range 20 {
			var page history
			s.answer(s.token, fmt.Sprintf("%slimit=%d%s", path, limit, query), 200, &page)
			for _, step := range page.Items {
				got = append(got, step.Sentence)
			}
			query = fmt.Sprintf("&after=%d&failed_since=%s", page.Next.After, url.QueryEscape(page.Next.Failed))
			if page.Complete {
				break
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("by %d there are\n%q\nwant\n%q", limit, got, want)
		}
		s.answer(s.token, path+strings.TrimPrefix(query, "&"), 200, nil)
	}
	var rest history
	s.answer(s.token, fmt.Sprintf("%safter=%d", path, last), 200, &rest)
	if len(rest.Items) != 1 || rest.Items[0].Sentence != failed || !rest.Complete {
		t.Errorf("after its last record there is %+v", rest)
	}
	reader := s.add("reader", "read")
	s.await(reader)
	if body := s.answer(reader, path, 200, nil); strings.Contains(body, "198.51.100.9") || !strings.Contains(body, "from 198.51.100.0/24 with PLAIN") || strings.Contains(body, "bob") {
		t.Errorf("without the scope read:address: %s", body)
	}
	for _, query := range []string{"since=x", "until=x", "after=x", "failed_since=x", "limit=0", "account=alice@localhost"} {
		s.answer(s.token, path+query, 400, nil)
	}
	var none json.RawMessage
	s.answer(s.token, path+"until=2020-01-01T00:00:00Z", 200, &none)
	if !strings.Contains(string(none), `"items":[]`) {
		t.Errorf("long ago there was %s", none)
	}
}
