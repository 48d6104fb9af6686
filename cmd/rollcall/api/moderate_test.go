package api_test

import (
	"context"
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/api"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/api/access"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/bans"
)

// asks expects that the answer to a question has a status, and returns it.
func (s *service) asks(method, token, path string, want int) string {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 30*time.Second)
	defer cancel()
	r := s.do(ctx, method, token, path)
	text := textOf(s.t, r)
	if r.StatusCode != want {
		s.t.Errorf("%s %s: %d %s, want %d", method, path, r.StatusCode, text, want)
	}
	return text
}

func TestAnAccountIsDisabledAndEnabled(t *testing.T) {
	t.Parallel()
	s := newService(t)
	token := s.add("house", "moderate")
	alice := events.StoredJID("alice@localhost")
	must(t, s.accounts.Create(t.Context(), alice, "secret"))
	s.login("alice@localhost", "phone", "192.0.2.1:5")
	var answer kicked
	must(t, json.Unmarshal([]byte(s.asks("PUT", token, "/v1/accounts/alice@localhost/disabled?for=1h&reason=spam", 200)), &answer))
	if len(answer.Ended) != 1 || answer.Ended[0].JID != "alice@localhost/phone" || answer.Position == 0 {
		t.Errorf("it is answered %+v", answer)
	}
	k, err := s.accounts.Credentials(t.Context(), alice)
	must(t, err)
	if left := time.Until(k.Disabling.Until); !k.DisabledAt(time.Now()) || k.Disabling.Reason != "spam" || k.Disabling.By != "token house" || left < 59*time.Minute || left > time.Hour {
		t.Errorf("it is disabled as %+v", k.Disabling)
	}
	if got := s.ends("alice@localhost"); !slices.Equal(got, []string{`phone account_disabled "spam" by token house`}) {
		t.Errorf("the ends are %q", got)
	}
	s.asks("DELETE", token, "/v1/accounts/alice@localhost/disabled", 200)
	enabled, err := s.bus.Log().Last(t.Context(), alice)
	must(t, err)
	var same struct{ Position events.Seq }
	must(t, json.Unmarshal([]byte(s.asks("DELETE", token, "/v1/accounts/alice@localhost/disabled", 200)), &same))
	if last, err := s.bus.Log().Last(t.Context(), alice); err != nil || last.Seq != enabled.Seq || same.Position < enabled.Seq {
		t.Errorf("enabled once more it is told the position %d, and at %d there is %+v, %v", same.Position, last.Seq, last.Event, err)
	}
	k, err = s.accounts.Credentials(t.Context(), alice)
	must(t, err)
	if k.DisabledAt(time.Now()) {
		t.Error("it is still disabled")
	}
	s.asks("PUT", token, "/v1/accounts/nobody@localhost/disabled", 404)
	s.asks("PUT", token, "/v1/accounts/alice@localhost/disabled?for=ever", 400)
	s.asks("PUT", token, "/v1/accounts/alice@localhost/disabled?reason="+strings.Repeat("x", 1001), 400)
	s.asks("PUT", s.add("reader", "read,kick"), "/v1/accounts/alice@localhost/disabled", 403)
	s.audit.full.Store(true)
	s.asks("PUT", token, "/v1/accounts/alice@localhost/disabled", 503)
	if k, err = s.accounts.Credentials(t.Context(), alice); err != nil || k.Disabled {
		t.Errorf("what could not be put on record was done: %+v, %v", k, err)
	}
}

func TestNetworksAreBannedAndBansAreLifted(t *testing.T) {
	t.Parallel()
	s := newService(t)
	token, reader := s.add("house", "moderate"), s.add("reader", "read,read:address,kick")
	s.await(token)
	s.await(reader)
	if got := s.asks("GET", token, "/v1/bans", 200); strings.TrimSpace(got) != `{"bans":[]}` {
		t.Errorf("at first there is %s", got)
	}
	for network, want := range map[string]string{"0.0.0.0/0": "a /8 of IPv4", "127.0.0.0/8": "an address of yours", "::1": "an address of yours", "everybody": "no address"} {
		if got := s.asks("PUT", token, "/v1/bans?network="+network, 400); !strings.Contains(got, want) {
			t.Errorf("%s: %s", network, got)
		}
	}
	s.asks("PUT", token, "/v1/bans?network=192.0.2.0/24&for=1d&reason=guesses", 200)
	s.asks("PUT", token, "/v1/bans?network=127.0.0.1&force=true", 200)
	var listed struct{ Bans []bans.View }
	must(t, json.Unmarshal([]byte(s.asks("GET", token, "/v1/bans", 200)), &listed))
	if len(listed.Bans) != 2 || listed.Bans[0].Network != netip.MustParsePrefix("192.0.2.0/24") || *listed.Bans[0].Reason != "guesses" ||
		*listed.Bans[0].By != "token house" || listed.Bans[0].Until == nil || listed.Bans[1].Until != nil {
		t.Errorf("there are %+v", listed.Bans)
	}
	s.asks("DELETE", token, "/v1/bans?network=192.0.2.0/25", 404)
	s.asks("DELETE", token, "/v1/bans?network=192.0.2.0/24", 200)
	s.asks("GET", reader, "/v1/bans", 403)
	all, err := bans.List(t.Context(), s.bus.Bans())
	must(t, err)
	if len(all) != 1 {
		t.Errorf("there are still %+v", all)
	}
}

func TestModerationAsksForItsScope(t *testing.T) {
	t.Parallel()
	s := newService(t)
	must(t, s.accounts.Create(t.Context(), events.StoredJID("alice@localhost"), "secret"))
	others, own, right := s.add("others", "read,read:address,export,kick,metrics"), s.add("alice", "account:alice@localhost"), s.add("house", "moderate")
	n := 0
	for _, route := range api.Routes {
		if route.Scope != access.Moderate {
			continue
		}
		n++
		method, path, _ := strings.Cut(route.Pattern, " ")
		path = strings.Replace(path, "{jid}", "alice@localhost", 1)
		if method != "GET" && path == "/v1/bans" {
			path += "?network=192.0.2.0/24"
		}
		for token, want := range map[string]int{"": 401, "rct_x_y": 401, others: 403, own: 403} {
			s.asks(method, token, path, want)
		}
		s.asks(method, right, path, 200)
		if got := s.entries("house", route.Pattern); len(got) != 1 {
			t.Errorf("%s is on record as %q", route.Pattern, got)
		}
	}
	if n != 5 {
		t.Errorf("%d routes moderate", n)
	}
}
