package api_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// from is a parameter with the time that it is.
func from() string { return "since=" + url.QueryEscape(time.Now().Format(time.RFC3339Nano)) }

// steps is a page of the history of an account.
func (s *service) steps(account, query string) (p history) {
	s.t.Helper()
	s.answer(s.token, "/v1/accounts/"+account+"/history?"+query, 200, &p)
	return p
}

// A page that has nothing, or little, of the records that were looked at goes on after
// all of those.
func TestWhoeverPollsGetsWhatIsNewAndNoMore(t *testing.T) {
	t.Parallel()
	s := newService(t)
	alice := s.login("alice@localhost", "phone", "192.0.2.7:5222")
	s.login("bob@localhost", "phone", "192.0.2.8:5222")
	s.fail("alice@localhost", "198.51.100.7:1")
	s.awaitFailed(1)
	since := from()
	for _, query := range []string{since, since + "&account=alice@localhost", "type=closed", "account=alice@localhost", ""} {
		if p := s.page(query); !p.Complete || *p.Next.After != 4 {
			t.Errorf("of a log that ends with 4, %q goes on after %d: %+v", query, *p.Next.After, p)
		}
	}
	if p := s.page("type=closed&to=3"); !p.Complete || *p.Next.After != 3 {
		t.Errorf("up to 3 goes on after %d", *p.Next.After)
	}
	steps := s.steps("alice@localhost", since)
	logins := s.logins(s.token, since)
	if steps.Next.After != 4 {
		t.Errorf("alice's history goes on after %d", steps.Next.After)
	}
	if len(steps.Items)+len(logins.Items) > 0 || !steps.Complete || !logins.Complete {
		t.Errorf("there is nothing new, and of it %+v and %+v", steps, logins)
	}
	s.act("alice@localhost", session.BecomeAvailable{Session: alice, Stanza: "<presence/>"})
	s.login("bob@localhost", "desk", "192.0.2.8:5222")
	s.fail("alice@localhost", "198.51.100.7:2")
	s.awaitFailed(2)
	steps = s.steps("alice@localhost", fmt.Sprintf("after=%d&failed_since=%s", steps.Next.After, url.QueryEscape(steps.Next.Failed)))
	if len(steps.Items) != 2 {
		t.Errorf("to alice there happened %+v, want her presence and the login that failed", steps)
	}
	if logins = s.logins(s.token, "after="+logins.Next.After); len(logins.Items) != 2 {
		t.Errorf("there logged in %+v, want bob and alice, who failed", logins)
	}
	if p := s.page("after=4"); len(p.Items) != 3 || *p.Next.After != 7 {
		t.Errorf("what is new is %+v", p)
	}
}

// A span that is over ends with the last record stored before its end.
func TestAPageOfASpanGoesOnAfterTheSpan(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.login("alice@localhost", "phone", "192.0.2.7:5222")
	until := "until=" + url.QueryEscape(time.Now().Format(time.RFC3339Nano))
	s.login("alice@localhost", "desk", "192.0.2.7:5222")
	if p := s.page("type=closed&" + until); len(p.Items) > 0 || *p.Next.After != 2 {
		t.Errorf("before record 3, it goes on after %d", *p.Next.After)
	}
	if p := s.steps("bob@localhost", until); len(p.Items) > 0 || p.Next.After != 2 {
		t.Errorf("before record 3, bob's history goes on after %d", p.Next.After)
	}
}

// Downwards a page that is the last leads to nothing, least of all to everything.
func TestPagesDownwardsLeadToNothingAfterTheLast(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.login("alice@localhost", "phone", "192.0.2.7:5222")
	s.fail("alice@localhost", "198.51.100.7:1")
	s.awaitFailed(1)
	for _, query := range []string{"order=desc&" + from(), "order=desc&type=closed", "order=desc"} {
		p := s.page(query)
		if !p.Complete || *p.Next.To != 0 {
			t.Errorf("%s: %+v goes on down from %d", query, p, *p.Next.To)
		}
		if p = s.page(fmt.Sprintf("order=desc&to=%d", *p.Next.To)); len(p.Items) > 0 || !p.Complete || *p.Next.To != 0 {
			t.Errorf("%s: after the last there is %+v", query, p)
		}
		l := s.logins(s.token, strings.Replace(query, "type=closed", "filter=type:resumed", 1))
		if l = s.logins(s.token, "order=desc&before="+l.Next.Before); len(l.Items) > 0 || !l.Complete {
			t.Errorf("%s: after the last of the logins there is %+v", query, l)
		}
	}
}

// A span that can't have anything is a mistake.
func TestASpanThatCanHaveNothingIsRefused(t *testing.T) {
	t.Parallel()
	s := newService(t)
	later := url.QueryEscape(time.Now().Add(time.Hour).Format(time.RFC3339))
	for _, path := range []string{"/v1/events", "/v1/events.ndjson", "/v1/logins", "/v1/accounts/alice@localhost/history", "/v1/stats/ends"} {
		for _, query := range []string{"since=" + later, "since=9999-12-31T00:00:00Z", "since=-1m&until=-2m", "since=-1m&until=2020-01-01T00:00:00Z"} {
			if body := s.answer(s.token, path+"?"+query, 400, nil); !strings.Contains(body, "since: it is before until, and not in the future") {
				t.Errorf("%s?%s: %s", path, query, body)
			}
		}
	}
	if p := s.page("until=" + later); !p.Complete || *p.Next.After != events.Seq(0) {
		t.Errorf("until is in the future, and %+v", p)
	}
}
