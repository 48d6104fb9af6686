package api_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// overview asks until an answer is as it has to be.
func (s *service) overview(as func(*ask.Overview) bool) (o ask.Overview) {
	s.t.Helper()
	for end := time.Now().Add(30 * time.Second); ; {
		o = ask.Overview{}
		must(s.t, json.Unmarshal([]byte(s.answer(s.token, "/v1/overview", 200, nil)), &o))
		if as(&o) {
			return o
		}
		if time.Now().After(end) {
			s.t.Fatalf("it is not so: %+v", o)
		}
		<-time.After(50 * time.Millisecond) // a token may ask so often
	}
}

func (s *service) end(account string, id events.SessionID, why events.Reason) {
	s.t.Helper()
	_, at, err := s.write.Do(s.t.Context(), events.StoredJID(account), events.ConnID{}, session.Close{Session: id, Reason: why})
	must(s.t, err)
	must(s.t, s.table.WaitFor(s.t.Context(), at))
}

func (s *service) failLogin(account string) {
	s.bus.Pre().Publish(&events.Record{
		JID: events.StoredJID(account), Connector: events.Incarnation{Name: "c1", Epoch: 1}, Time: time.Now().UnixNano(),
		Event: events.AuthFailed{Address: "192.0.2.66:5222", Mechanism: "PLAIN", Condition: "not-authorized"}, ID: events.NewEventID(time.Now()),
	})
}

// Events from before somebody first asked are counted, and new ones are counted at
// once.
func TestAnOverviewCountsTheLastDay(t *testing.T) {
	t.Parallel()
	s := newService(t)
	phone := s.login("alice@localhost", "phone", "192.0.2.7:5222")
	s.login("alice@localhost", "desk", "192.0.2.7:5222")
	s.failLogin("alice@localhost")
	o := s.overview(func(o *ask.Overview) bool { return o.Complete && o.Day.Failed == 1 })
	if o.Online != (ask.Online{Accounts: 1, Sessions: 2}) || o.Day.Succeeded != 2 || len(o.Day.Ends) != 0 || o.At != s.table.Position().Seq {
		t.Errorf("%+v", o)
	}
	s.end("alice@localhost", phone, events.ReasonKicked)
	s.failLogin("alice@localhost")
	s.login("bob@localhost", "phone", "192.0.2.7:5222")
	o = s.overview(func(o *ask.Overview) bool { return o.Minute.Failed == 2 })
	if o.Online != (ask.Online{Accounts: 2, Sessions: 2}) || o.Minute.Succeeded != 3 || o.Hour.Succeeded != 3 || o.Day.Succeeded != 3 ||
		o.Minute.Ends[events.ReasonKicked] != 1 || o.Day.Ends[events.ReasonKicked] != 1 {
		t.Errorf("%+v", o)
	}
	sum := 0
	for _, step := range o.Steps {
		sum += step.Succeeded + step.Failed + step.Ends[events.ReasonKicked]
	}
	if sum != 6 || len(o.Steps) < 96 || len(o.Steps) > 98 {
		t.Errorf("%d steps have %d", len(o.Steps), sum)
	}
	if len(o.Connectors) != 1 || o.Connectors[0].Name != "c1" || o.Projection.State != "ready" {
		t.Errorf("%+v, %+v", o.Connectors, o.Projection)
	}
	for _, name := range []string{"alice", "bob", "192.0.2"} {
		if body := s.answer(s.token, "/v1/overview", 200, nil); strings.Contains(body, name) {
			t.Errorf("it names %s: %s", name, body)
		}
	}
	s.busy.Store(true)
	s.answer(s.token, "/v1/overview", 503, nil)
}

// Whoever looks first is not told of a day in which nothing happened.
func TestTheFirstOverviewHasTheDay(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.login("alice@localhost", "phone", "192.0.2.7:5222")
	var o ask.Overview
	must(t, json.Unmarshal([]byte(s.answer(s.token, "/v1/overview", 200, nil)), &o))
	if !o.Complete || o.Hour.Succeeded != 1 {
		t.Errorf("complete %v, since %v, %d logins in the last hour", o.Complete, o.Since, o.Hour.Succeeded)
	}
}
