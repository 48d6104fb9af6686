package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

type loginPage struct {
	Items       []event
	Next        struct{ After, Before string }
	Complete    bool
	Scanned     int
	ScanLimited bool `json:"scan_limited"`
}

func (s *service) logins(token, query string) (p loginPage) {
	s.t.Helper()
	status, _, body := s.get(token, "/v1/logins?"+query)
	if status != 200 {
		s.t.Fatalf("%s: %d %s", query, status, body)
	}
	must(s.t, json.Unmarshal([]byte(body), &p))
	return p
}

// loginAsOf is a login with credentials that were read when the log ended there.
func (s *service) loginAsOf(asOf events.Seq, account, resource, address string) events.SessionID {
	id := events.NewSessionID(time.Now())
	jid := events.StoredJID(account)
	for _, c := range []session.Command{
		session.Authenticate{Session: id, Address: address, Mechanism: "SCRAM-SHA-256", AsOf: asOf},
		session.Bind{Session: id, Resource: resource},
	} {
		if _, _, err := s.write.Do(context.Background(), jid, events.ConnID{}, c); err != nil {
			s.t.Error(err)
		}
	}
	return id
}

// fail publishes a failed login.
func (s *service) fail(account, address string) {
	s.bus.Pre().Publish(&events.Record{
		ID: events.NewEventID(time.Now()), Time: time.Now().UnixNano(), JID: events.StoredJID(account), Connector: events.Incarnation{Name: "c1", Epoch: 1},
		Event: events.AuthFailed{Username: events.StoredJID(account).Local(), Mechanism: "PLAIN", Condition: "not-authorized", Address: address},
	})
}

// awaitFailed waits until so many failed logins are stored.
func (s *service) awaitFailed(n int) {
	s.t.Helper()
	for end := time.Now().Add(30 * time.Second); len(s.logins(s.token, "filter=type:auth_failed&limit=1000").Items) < n; {
		if time.Now().After(end) {
			s.t.Fatalf("there are no %d failed logins", n)
		}
	}
}

func TestLoginsAreOfBothStreams(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for i := range 5 {
		s.login("alice@localhost", fmt.Sprint(i), "192.0.2.7:5222")
		s.fail("alice@localhost", "198.51.100.7:1")
		s.awaitFailed(i + 1)
	}
	s.login("bob@localhost", "phone", "203.0.113.9:5222")
	whole := s.logins(s.token, "")
	if len(whole.Items) != 11 || !whole.Complete {
		t.Fatalf("there are %d, complete: %v", len(whole.Items), whole.Complete)
	}
	for i, e := range whole.Items[:10] {
		if want := []string{"rollcall.session.authenticated.v1", "rollcall.connection.auth_failed.v1"}[i%2]; e.Type != want {
			t.Errorf("%d is %s, want %s", i, e.Type, want)
		}
	}
	backwards := slices.Clone(whole.Items)
	slices.Reverse(backwards)
	for order, want := range map[string][]event{"asc": whole.Items, "desc": backwards} {
		var got []event
		for query := "limit=3&order=" + order; len(got) < 20; {
			p := s.logins(s.token, query)
			got = append(got, p.Items...)
			if p.Complete {
				break
			}
			query = "limit=3&order=" + order + map[string]string{"asc": "&after=" + p.Next.After, "desc": "&before=" + p.Next.Before}[order]
		}
		if !slices.Equal(got, want) {
			t.Errorf("paged with %s they are %v, want %v", order, got, want)
		}
	}
	for query, want := range map[string]int{
		"filter=address:192.0.2.0/24": 5, "filter=address:198.51.100.7": 5, "filter=type:auth_failed+mechanism:PLAIN": 5, "filter=condition:not-authorized": 5,
		"account=alice@localhost": 10, "account=alice@localhost&filter=address:192.0.2.7": 5, "account=bob@localhost": 1, "since=-1h": 11, "until=-1h": 0,
		"filter=mechanism:SCRAM*+-account:alice@localhost": 1,
	} {
		if p := s.logins(s.token, query); len(p.Items) != want || !p.Complete {
			t.Errorf("%s: there are %d, want %d", query, len(p.Items), want)
		}
	}
	if p := s.logins(s.token, "filter=type:auth_failed"); p.Scanned != 5 {
		t.Errorf("for failed logins %d records were looked at", p.Scanned)
	}
}

// Whoever may not see addresses sees networks, and can't find addresses out by asking.
func TestLoginsByAddressAreForThoseWhoMaySeeAddresses(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.login("alice@localhost", "phone", "192.0.2.7:5222")
	reader, hers := s.add("reader", "read"), s.add("hers", "account:alice@localhost")
	s.await(reader)
	s.await(hers)
	if p := s.logins(reader, ""); p.Items[0].Data.Address != "192.0.2.0/24" {
		t.Errorf("a reader sees %s", p.Items[0].Data.Address)
	}
	if p := s.logins(hers, "account=alice@localhost&filter=address:192.0.2.7"); len(p.Items) != 1 || p.Items[0].Data.Address != "192.0.2.7:5222" {
		t.Errorf("alice sees %v", p.Items)
	}
	for query, want := range map[string]int{
		"filter=address:192.0.2.7": 403, "filter=-address:192.0.2.7": 403, "account=alice@localhost&filter=address:192.0.2.0/24": 403,
		"filter=colour:red": 400, "after=1": 400, "before=1.1-1.1": 400, "order=desc&after=1.1-1.1": 400, "order=up": 400, "limit=0": 400,
	} {
		if status, _, body := s.get(reader, "/v1/logins?"+query); status != want {
			t.Errorf("%s: %d %s, want %d", query, status, body, want)
		}
	}
}

// RFC 7622 lets a localpart have 1,023 bytes.
func TestLoginsOfAnAccountWithALongName(t *testing.T) {
	t.Parallel()
	s := newService(t)
	account := strings.Repeat("a", 300) + "@localhost"
	s.login(account, "phone", "192.0.2.7:5222")
	if p := s.logins(s.token, "account="+account); len(p.Items) != 1 {
		t.Errorf("there are %v", p.Items)
	}
}
