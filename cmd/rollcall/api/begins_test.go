package api_test

import (
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rollcall-xmpp/rollcall/events"
)

// forget has the log forget all that it has, and keep what comes.
func (s *service) forget() {
	s.t.Helper()
	nc, err := nats.Connect("", nats.InProcessServer(s.nats), s.nats.Login())
	must(s.t, err)
	defer nc.Close()
	js, err := jetstream.New(nc)
	must(s.t, err)
	stream, err := js.Stream(s.t.Context(), "RC_EV")
	must(s.t, err)
	config := stream.CachedInfo().Config
	age, window := config.MaxAge, config.Duplicates
	config.MaxAge, config.Duplicates = 100*time.Millisecond, 100*time.Millisecond
	_, err = js.UpdateStream(s.t.Context(), config)
	must(s.t, err)
	for left := uint64(1); left > 0; {
		info, err := s.bus.Log().Info(s.t.Context())
		must(s.t, err)
		left = info.Records
	}
	config.MaxAge, config.Duplicates = age, window
	_, err = js.UpdateStream(s.t.Context(), config)
	must(s.t, err)
}

// An answer that may lack what was there once says so, and no other does.
func TestAnAnswerSaysWhereTheLogBegins(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for i := range 3 {
		s.login("alice@localhost", fmt.Sprint(i), "192.0.2.7:5222")
	}
	type answer struct {
		Begins *struct {
			Seq events.Seq
			At  time.Time
		} `json:"log_begins"`
	}
	paths := []string{"/v1/events?", "/v1/events?order=desc&", "/v1/events?filter=account:bob@localhost&", "/v1/accounts/alice@localhost/history?"}
	for _, path := range paths {
		var got answer
		if body := s.answer(s.token, path, 200, &got); got.Begins != nil {
			t.Errorf("of a log that has all, %s says %s", path, body)
		}
	}
	s.forget()
	for _, path := range paths {
		var got answer
		if body := s.answer(s.token, path, 200, &got); got.Begins == nil || got.Begins.Seq != 7 || !got.Begins.At.IsZero() {
			t.Errorf("of a log that has nothing left, %s says %s", path, body)
		}
	}
	forgotten := url.QueryEscape(time.Now().Add(-time.Minute).Format(time.RFC3339Nano))
	s.login("alice@localhost", "last", "192.0.2.7:5222")
	after := from()
	for _, path := range paths {
		for query, reaches := range map[string]bool{
			"": true, "after=5": true, "after=6": false, "after=8": false, "since=" + forgotten: true, after: false, "limit=1": true,
		} {
			var got answer
			body := s.answer(s.token, path+query, 200, &got)
			if (got.Begins != nil) != reaches {
				t.Errorf("%s%s: %s", path, query, body)
			}
			if got.Begins != nil && (got.Begins.Seq != 7 || time.Since(got.Begins.At) > time.Minute) {
				t.Errorf("%s%s: the log begins with 7, and not with %+v", path, query, got.Begins)
			}
		}
	}
}

// A filter selects among an account's steps as it does everywhere.
func TestAnAccountsHistoryIsFiltered(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for i := range 3 {
		s.login("alice@localhost", fmt.Sprint(i), "192.0.2.7:5222")
		s.fail("alice@localhost", "198.51.100.7:1")
	}
	s.awaitFailed(3)
	for query, want := range map[string]int{
		"": 9, "filter=type:bound": 3, "filter=type:auth_failed": 3, "filter=-type:auth_failed": 6, "filter=resource:1": 1,
		"filter=address:198.51.100.0/24": 3, "filter=type:closed": 0,
	} {
		if got := s.steps("alice@localhost", query); len(got.Items) != want || !got.Complete {
			t.Errorf("%q has %d steps, want %d: %+v", query, len(got.Items), want, got)
		}
	}
	first := s.steps("alice@localhost", "filter=type:bound&limit=2")
	rest := s.steps("alice@localhost", fmt.Sprintf("filter=type:bound&limit=2&after=%d&failed_since=%s", first.Next.After, url.QueryEscape(first.Next.Failed)))
	if len(first.Items) != 2 || len(rest.Items) != 1 || !rest.Complete {
		t.Errorf("page by page there are %d and %d", len(first.Items), len(rest.Items))
	}
	s.answer(s.token, "/v1/accounts/alice@localhost/history?filter=typ:bound", 400, nil)
	blind := s.add("blind", "read")
	s.await(blind)
	s.answer(blind, "/v1/accounts/alice@localhost/history?filter=address:198.51.100.0/24", 403, nil)
}
