package api_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
)

// feeds asks until an answer is as new as it has to be.
func (s *service) feeds(as func(*ask.Feeds) bool) (f ask.Feeds) {
	s.t.Helper()
	for end := time.Now().Add(30 * time.Second); ; {
		f = ask.Feeds{}
		must(s.t, json.Unmarshal([]byte(s.answer(s.token, "/v1/feeds", 200, nil)), &f))
		if as(&f) || time.Now().After(end) {
			return f
		}
		<-time.After(50 * time.Millisecond) // a token may ask so often
	}
}

func TestFeedsAreThoseOfTheVerb(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.login("alice@localhost", "phone", "192.0.2.7:5222")
	if f := s.feeds(func(*ask.Feeds) bool { return true }); f.Published != nil || len(f.Items) != 0 {
		t.Errorf("nobody publishes, and there is %+v", f)
	}
	must(t, s.bus.Public().Make(t.Context(), "rollcall:test", "network", 1))
	must(t, s.bus.Public().Publish(t.Context(), 1, []bus.PublicMessage{{Subject: bus.PublicSubject("session", "authenticated", "0"), Data: []byte("{}")}}))
	must(t, s.bus.Public().AddFeed(t.Context(), bus.Feed{Name: "ends", From: 1}))
	f := s.feeds(func(f *ask.Feeds) bool { return len(f.Items) > 0 })
	if f.Published == nil || f.Published.Position != 1 || f.Published.Lag != 1 || f.Published.Since == nil || f.Published.Address != "network" {
		t.Errorf("of two records one is published: %+v", f.Published)
	}
	all, err := s.bus.Public().Feeds(t.Context())
	must(t, err)
	want, err := json.Marshal(ask.FeedOf(&all[0]))
	must(t, err)
	var view ask.Feed
	must(t, json.Unmarshal(want, &view))
	if len(f.Items) != 1 || !reflect.DeepEqual(f.Items[0], view) || view.Name != "ends" || view.Pending != 1 {
		t.Errorf("got %+v, want %s", f.Items, want)
	}
}
