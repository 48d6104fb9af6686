package api_test

import (
	"strings"
	"testing"
)

// Whoever may not ask is told how to ask what the token is for.
func TestATokenThatMayNotAskIsToldWhatItIsFor(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.friends()
	alice, two, kicks := s.add("alice", "account:alice@localhost"), s.add("two", "account:alice@localhost,account:bob@localhost"), s.add("kicks", "kick")
	s.await(two)
	s.await(kicks)
	reader := s.add("reader", "read")
	s.await(reader)
	for _, c := range []struct{ token, path, want string }{
		{alice, "/v1/logins?limit=2", "this token is for alice@localhost alone: add account=alice@localhost"},
		{alice, "/v1/events", "this token is for alice@localhost alone: add account=alice@localhost"},
		{alice, "/v1/route", "this token is for alice@localhost alone: add to=alice@localhost"},
		{alice, "/v1/events?account=bob@localhost", "this token is for alice@localhost alone, not for bob@localhost"},
		{alice, "/v1/accounts/bob@localhost/history", "this token is for alice@localhost alone, not for bob@localhost"},
		{alice, "/v1/table", "this token is for alice@localhost alone: this is about everybody, and for the scope read"},
		{alice, "/v1/stats/fights", "this token is for alice@localhost alone: this is about everybody, and for the scope read"},
		{alice, "/v1/contacts?of=alice@localhost", "this token is for alice@localhost alone: this is about others too"},
		{two, "/v1/events", "this token is for alice@localhost and bob@localhost alone: add account=alice@localhost or bob@localhost"},
		{alice, "/v1/audit?about=alice@localhost", "this token does not have the scope audit; rollcall token add NAME --scope audit makes one that has it"},
		{kicks, "/v1/events", "this token does not have the scope read; rollcall token add NAME --scope read makes one that has it"},
	} {
		if body := s.answer(c.token, c.path, 403, nil); !strings.Contains(body, `"detail":"`+c.want+`"`) {
			t.Errorf("%s: %s, want %s", c.path, body, c.want)
		}
	}
	for path, scope := range map[string]string{"/v1/audit": "audit", "/v1/sessions?filter=address:192.0.2.7": "read:address"} {
		if body := s.answer(reader, path, 403, nil); !strings.Contains(body, `"scope":"`+scope+`"`) {
			t.Errorf("%s names no scope: %s", path, body)
		}
	}
}
