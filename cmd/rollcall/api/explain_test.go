package api_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// answer asks, and expects that the answer has a status.
func (s *service) answer(token, path string, want int, into any) string {
	s.t.Helper()
	status, _, body := s.get(token, path)
	if status != want {
		s.t.Fatalf("%s: %d %s, want %d", path, status, body, want)
	}
	if into != nil {
		must(s.t, json.Unmarshal([]byte(body), into))
	}
	return body
}

// act lets sessions of an account do things, and waits until the table knows.
func (s *service) act(account string, all ...session.Command) events.Seq {
	s.t.Helper()
	for _, c := range all {
		_, _, err := s.write.Do(s.t.Context(), events.StoredJID(account), events.ConnID{}, c)
		must(s.t, err)
	}
	info, err := s.bus.Log().Info(s.t.Context())
	must(s.t, err)
	must(s.t, s.table.WaitFor(s.t.Context(), events.Position{Stream: info.Stream, Seq: info.Last}))
	return info.Last
}

// friends are alice and bob, who have accounts and see each other; bob is online with a
// phone since the second record of the two that are returned.
func (s *service) friends() (before, online events.Seq) {
	s.t.Helper()
	alice, bob := events.StoredJID("alice@localhost"), events.StoredJID("bob@localhost")
	must(s.t, s.accounts.Create(s.t.Context(), alice, "alice"))
	must(s.t, s.accounts.Create(s.t.Context(), bob, "bob"))
	must(s.t, s.accounts.Befriend(s.t.Context(), alice, bob))
	id := s.login("bob@localhost", "phone", "192.0.2.7:5222")
	before = s.act("bob@localhost")
	return before, s.act("bob@localhost", session.BecomeAvailable{Session: id, Priority: 3, Stanza: "<presence/>"})
}

type contacts struct {
	At    events.Seq
	Items []struct {
		Account, Contact, Reason string
		Online                   bool
		Sessions                 []struct{ JID, Address string }
	}
}

func TestContactsAreExplainedNowAndThen(t *testing.T) {
	t.Parallel()
	s := newService(t)
	before, online := s.friends()
	for query, want := range map[string]string{
		"of=alice@localhost":                               fmt.Sprintf("%d bob@localhost true 1 192.0.2.7:5222", online),
		"of=alice@localhost&who=bob@localhost":             fmt.Sprintf("%d bob@localhost true 1 192.0.2.7:5222", online),
		fmt.Sprintf("of=alice@localhost&at=%d", before):    fmt.Sprintf("%d bob@localhost false 0 1 session without presence", before),
		fmt.Sprintf("of=alice@localhost&at=%d", online):    fmt.Sprintf("%d bob@localhost true 1 192.0.2.7:5222", online),
		"of=alice@localhost&at=1":                          "1 bob@localhost false 0 1 session without presence",
		"of=alice@localhost&who=carol@localhost":           fmt.Sprintf("%d carol@localhost false 0 not in the roster", online),
		"of=alice@localhost&who=carol@localhost&min_seq=1": fmt.Sprintf("%d carol@localhost false 0 not in the roster", online),
	} {
		var a contacts
		s.answer(s.token, "/v1/contacts?"+query, 200, &a)
		if len(a.Items) != 1 {
			t.Errorf("%s: %+v", query, a)
			continue
		}
		c, last := a.Items[0], a.Items[0].Reason
		if c.Online {
			last = c.Sessions[0].Address
		}
		if got := fmt.Sprintf("%d %s %v %d %s", a.At, c.Contact, c.Online, len(c.Sessions), last); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	for query, want := range map[string]int{"": 400, "of=localhost": 400, "of=alice@localhost&who=x": 400, "of=alice@localhost&at=x": 400, "of=nobody@localhost": 404, "of=alice@localhost&at=9999": 400} {
		s.answer(s.token, "/v1/contacts?"+query, want, nil)
	}
	if got := s.entries("admin", "GET /v1/contacts"); !slices.Contains(got, "GET /v1/contacts of nobody@localhost: of=nobody@localhost") {
		t.Errorf("that there is no such account is told, and not on record: %q", got)
	}
}

// Contacts tell of two. A token for one account gets nothing of the other.
func TestWhatIsToldOfTwoIsForThoseWhoMayReadOfBoth(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.friends()
	tokens := map[string]string{}
	for name, scopes := range map[string]string{"alice": "account:alice@localhost", "both": "account:alice@localhost,account:bob@localhost", "reader": "read"} {
		tokens[name] = s.add(name, scopes)
		s.await(tokens[name])
	}
	for _, c := range []struct {
		token, query string
		want         int
	}{
		{"alice", "of=alice@localhost", 403}, {"alice", "of=alice@localhost&who=bob@localhost", 403},
		{"alice", "of=bob@localhost&who=alice@localhost", 403}, {"alice", "of=alice@localhost&who=alice@localhost", 200},
		{"both", "of=alice@localhost", 403}, {"both", "of=alice@localhost&who=bob@localhost", 200}, {"reader", "of=alice@localhost&who=bob@localhost", 200},
	} {
		var a contacts
		s.answer(tokens[c.token], "/v1/contacts?"+c.query, c.want, &a)
		if c.token == "both" && c.want == 200 && a.Items[0].Sessions[0].Address != "192.0.2.7:5222" {
			t.Errorf("%+v, and the token is for bob, too", a)
		}
		if c.token == "reader" && a.Items[0].Sessions[0].Address != "192.0.2.0/24" {
			t.Errorf("%+v, and the token does not have the scope read:address", a)
		}
	}
	asked := "GET /v1/contacts of %s: of=alice@localhost&who=bob@localhost"
	wantList(t, "on record", s.entries("both", "GET /v1/contacts"), fmt.Sprintf(asked, "alice@localhost"), fmt.Sprintf(asked, "bob@localhost"))
}

func TestRoutesAreExplainedNowAndThen(t *testing.T) {
	t.Parallel()
	s := newService(t)
	before, online := s.friends()
	for query, want := range map[string]string{
		fmt.Sprintf("to=bob@localhost&at=%d", before): "store 0", fmt.Sprintf("to=bob@localhost&at=%d", online): "deliver 1",
		fmt.Sprintf("to=bob@localhost/phone&at=%d", before): "deliver 1",
		"to=bob@localhost":   "store 0", // for its connector has no lease now
		"to=alice@localhost": "store 0", "to=nobody@localhost": "refuse 0",
	} {
		var a struct {
			Items []struct {
				Stanza, Action string
				Targets        []struct{ JID string }
			}
		}
		s.answer(s.token, "/v1/route?"+query, 200, &a)
		if v := a.Items[0]; len(a.Items) != 6 || v.Stanza != "chat" || fmt.Sprintf("%s %d", v.Action, len(v.Targets)) != want {
			t.Errorf("%s: %+v, want %s", query, a, want)
		}
	}
	for _, query := range []string{"", "to=localhost", "to=bob@localhost&at=0"} {
		s.answer(s.token, "/v1/route?"+query, 400, nil)
	}
}

func TestADifferenceIsPagedByJID(t *testing.T) {
	t.Parallel()
	s := newService(t)
	gone := s.login("alice@localhost", "phone", "192.0.2.7:5222")
	changed := s.login("bob@localhost", "phone", "192.0.2.7:5222")
	from := s.act("alice@localhost")
	s.login("carol@localhost", "phone", "192.0.2.7:5222")
	s.act("alice@localhost", session.Close{Session: gone, Reason: events.ReasonTimeout, Text: "ping"})
	to := s.act("bob@localhost", session.BecomeAvailable{Session: changed, Stanza: "<presence/>"})
	s.act("bob@localhost", session.Close{Session: changed, Reason: events.ReasonClient})
	var counts struct{ Gone, New, Changed int }
	ask := func(token, query string) (list []string) {
		t.Helper()
		for after := ""; ; {
			var a struct {
				Items []struct {
					Change, Reason string
					Before, After  *struct{ JID, Address string }
					Differences    []string
				}
				Next               string
				Complete           bool
				Gone, New, Changed int
			}
			s.answer(token, fmt.Sprintf("/v1/diff?from=%d&limit=1&%s&after=%s", from, query, url.QueryEscape(after)), 200, &a)
			for _, c := range a.Items {
				v := c.After
				if v == nil {
					v = c.Before
				}
				list = append(list, strings.TrimSpace(fmt.Sprintln(v.JID, v.Address, c.Change, c.Reason, c.Differences)))
			}
			counts.Gone, counts.New, counts.Changed = a.Gone, a.New, a.Changed
			if after = a.Next; a.Complete != (after == "") || len(a.Items) > 1 {
				t.Fatalf("%+v", a)
			} else if a.Complete {
				return list
			}
		}
	}
	alice, bob := "alice@localhost/phone 192.0.2.7:5222 gone timeout []", "bob@localhost/phone 192.0.2.7:5222 changed  [presence]"
	carol := "carol@localhost/phone 192.0.2.7:5222 new  []"
	if got := ask(s.token, fmt.Sprintf("to=%d", to)); !slices.Equal(got, []string{alice, bob, carol}) {
		t.Errorf("between the moments: %q", got)
	}
	if all := counts; all.Gone != 1 || all.New != 1 || all.Changed != 1 {
		t.Errorf("in all: %+v", all)
	}
	if got := ask(s.token, fmt.Sprintf("change=new&to=%d", to)); !slices.Equal(got, []string{carol}) || counts.Gone != 1 {
		t.Errorf("new ones alone: %q, in all %+v", got, counts)
	}
	if got := ask(s.token, ""); !slices.Equal(got, []string{alice, strings.Replace(bob, "changed  [presence]", "gone client []", 1), carol}) {
		t.Errorf("until now: %q", got)
	}
	own := s.add("alice", "account:alice@localhost")
	s.await(own)
	if got := ask(own, "account=alice@localhost"); !slices.Equal(got, []string{alice}) {
		t.Errorf("one account: %q", got)
	}
	reader := s.add("reader", "read")
	s.await(reader)
	if got := ask(reader, "account=alice@localhost"); !slices.Equal(got, []string{strings.Replace(alice, "192.0.2.7:5222", "192.0.2.0/24", 1)}) {
		t.Errorf("without addresses: %q", got)
	}
	for _, query := range []string{"", "from=2&to=1", "from=x", "from=1&to=9999", "from=1&change=most"} {
		s.answer(s.token, "/v1/diff?"+query, 400, nil)
	}
}

func TestTheTableIsSummedUpNowAndThen(t *testing.T) {
	t.Parallel()
	s := newService(t)
	before, online := s.friends()
	type sum struct {
		At                                      events.Seq
		Hash                                    string
		Whole                                   bool
		Accounts, Sessions, Available, Detached int
		Connectors                              []struct{ Name string }
	}
	var now, then, same sum
	s.answer(s.token, "/v1/table", 200, &now)
	s.answer(s.token, fmt.Sprintf("/v1/table?at=%d", before), 200, &then)
	s.answer(s.token, fmt.Sprintf("/v1/table?at=%d", online), 200, &same)
	if now.At != online || now.Sessions != 1 || now.Available != 1 || then.Available != 0 || then.At != before || len(now.Connectors) != 1 || !then.Whole {
		t.Errorf("now %+v, then %+v", now, then)
	}
	if now.Hash != same.Hash || now.Hash == then.Hash {
		t.Errorf("now it is %s, from the log %s, before %s", now.Hash, same.Hash, then.Hash)
	}
	var held struct {
		At    events.Seq
		Items []struct {
			Name, State string
			Sessions    int
		}
	}
	s.answer(s.token, "/v1/connectors", 200, &held)
	if c := held.Items; held.At != online || len(c) != 1 || c[0].Name != "c1" || c[0].State != "lost" || c[0].Sessions != 1 {
		t.Errorf("the connector without a lease is %+v", held)
	}
	s.answer(s.token, fmt.Sprintf("/v1/connectors?at=%d", before), 200, &held)
	if c := held.Items; held.At != before || len(c) != 1 || c[0].Sessions != 1 {
		t.Errorf("before it is %+v", held)
	}
}

// An empty list is not taken for a time in which nobody was there.
func TestSessionsTellWhetherAllOfThemAreKnown(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.login("alice@localhost", "phone", "192.0.2.7:5222")
	for query, want := range map[string]struct{ at, sessions int }{
		"?min_seq=2": {2, 1}, "?at=2": {2, 1}, "?at=1": {1, 1}, "?at=-240h": {0, 0},
	} {
		_, _, body := s.get(s.token, "/v1/sessions"+query)
		var got struct {
			At    *int
			Whole *bool
			Items []json.RawMessage
		}
		must(t, json.Unmarshal([]byte(body), &got))
		if got.Whole == nil || !*got.Whole || got.At == nil || *got.At != want.at || len(got.Items) != want.sessions {
			t.Errorf("%s: %s", query, body)
		}
	}
}

// Questions about now are refused while the table is built; those about the past are not.
func TestThePresentWaitsForTheTable(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.friends()
	s.busy.Store(true)
	for path, want := range map[string]int{
		"/v1/table": 503, "/v1/table?at=1": 200, "/v1/connectors": 503, "/v1/connectors?at=1": 200,
		"/v1/contacts?of=alice@localhost": 503, "/v1/contacts?of=alice@localhost&at=1": 200,
		"/v1/route?to=bob@localhost": 503, "/v1/route?to=bob@localhost&at=1": 200, "/v1/diff?from=1": 200,
		"/v1/sessions/01JQ5K7V5E0000000000000000": 503, "/v1/accounts/bob@localhost/history": 200,
	} {
		if body := s.answer(s.token, path, want, nil); want == 503 && !strings.Contains(body, "/readyz") {
			t.Errorf("%s: %s", path, body)
		}
	}
}
