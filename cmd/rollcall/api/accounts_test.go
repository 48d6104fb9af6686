package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/auth"
	"github.com/rollcall-xmpp/rollcall/session/roles"
)

type accountsPage struct {
	Items []struct {
		ask.Account
		Sessions *int
	}
	Next     string
	Complete bool
	Total    int
	Damaged  int
}

func (s *service) accountsPage(query string) (p accountsPage) {
	s.t.Helper()
	must(s.t, json.Unmarshal([]byte(s.answer(s.token, "/v1/accounts?"+query, 200, nil)), &p))
	return p
}

func (p *accountsPage) jids() (list []string) {
	for i := range p.Items {
		list = append(list, p.Items[i].JID)
	}
	return list
}

func TestAccountsArePagedByDomainAndName(t *testing.T) {
	t.Parallel()
	s := newService(t)
	var want []string
	for _, domain := range []string{"example.org", "localhost"} {
		for i := range 5 {
			want = append(want, fmt.Sprintf("u%d@%s", i, domain))
		}
	}
	for _, jid := range slices.Backward(append(want, "alice@localhost")) {
		must(t, s.accounts.Create(t.Context(), events.StoredJID(jid), "secret"))
	}
	var got []string
	for p := s.accountsPage("prefix=U&limit=3"); ; p = s.accountsPage("prefix=U&limit=3&after=" + url.QueryEscape(p.Next)) {
		if got = append(got, p.jids()...); p.Total != len(want) {
			t.Errorf("of %d there are %d", len(want), p.Total)
		}
		if p.Complete {
			break
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if p := s.accountsPage("prefix=u1@&limit=1000"); !slices.Equal(p.jids(), []string{"u1@example.org", "u1@localhost"}) || !p.Complete || p.Next != "" {
		t.Errorf("%+v", p)
	}
	if p := s.accountsPage("prefix=nobody"); len(p.Items) > 0 || !p.Complete {
		t.Errorf("%+v", p)
	}
}

func TestAccountsSayWhatTheVerbSaysAndHowManySessionsTheyHave(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for _, jid := range []string{"alice@localhost", "bob@localhost", "carol@localhost"} {
		must(t, s.accounts.Create(t.Context(), events.StoredJID(jid), "secret"))
	}
	s.login("alice@localhost", "phone", "192.0.2.7:5222")
	s.login("alice@localhost", "desk", "192.0.2.7:5222")
	if answer := s.do(t.Context(), http.MethodPut, s.token, "/v1/accounts/bob@localhost/disabled?reason=spam"); answer.StatusCode != 200 {
		t.Fatal(answer.Status)
	}
	_, err := events.Update(t.Context(), s.bus.Accounts(), events.StoredJID("carol@localhost"), func(doc events.Document) ([]byte, error) {
		c, err := auth.DecodeCredentials(doc.Data)
		if err != nil {
			return nil, err
		}
		c.Further = []string{"helper"}
		return c.Encode(), nil
	})
	must(t, err)
	for query, want := range map[string]string{
		"": "alice@localhost bob@localhost carol@localhost", "disabled=true": "bob@localhost", "disabled=false": "alice@localhost carol@localhost",
		"role=helper": "carol@localhost", "role=" + roles.Default: "alice@localhost bob@localhost carol@localhost", "role=none": "",
	} {
		if p := s.accountsPage(query); strings.Join(p.jids(), " ") != want || p.Total != len(strings.Fields(want)) {
			t.Errorf("%s: %+v, want %s", query, p, want)
		}
	}
	p := s.accountsPage("")
	if *p.Items[0].Sessions != 2 || *p.Items[1].Sessions != 0 || p.Items[0].Disabled || !p.Items[1].Disabled || *p.Items[1].DisabledReason != "spam" ||
		*p.Items[1].DisabledBy != "token admin" || p.Items[1].DisabledUntil != nil {
		t.Errorf("%+v", p.Items)
	}
	s.busy.Store(true)
	if p := s.accountsPage(""); p.Items[0].Sessions != nil {
		t.Errorf("a table that is not up to date knows of %d sessions", *p.Items[0].Sessions)
	}
	_, err = s.bus.Accounts().Put(t.Context(), events.StoredJID("dave@localhost"), []byte("no document"), 0)
	must(t, err)
	if p := s.accountsPage(""); p.Total != 3 || p.Damaged != 1 {
		t.Errorf("one that can't be read: %+v", p)
	}
	for query, want := range map[string]string{
		"limit=0": "limit: it is from 1", "disabled=maybe": "disabled: it is true or false", "after=a@b/c": "after: it is user@domain", "account=a@b": "there is no such parameter here",
	} {
		if body := s.answer(s.token, "/v1/accounts?"+query, 400, nil); !strings.Contains(body, want) {
			t.Errorf("%s: %s", query, body)
		}
	}
}
