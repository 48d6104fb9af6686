package api_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// A digested message is what a page is told.
type digested struct {
	Position events.Seq
	Events   int
	Types    map[string]int
	Newest   []struct{ Sequence, Type string }
}

// digests reads a stream that is summed up until the messages tell of as many events.
func (s *service) digests(query string, n int) (list []digested) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 60*time.Second)
	defer cancel()
	answer := s.request(ctx, s.token, "/v1/events/stream?after=0&"+query)
	defer answer.Body.Close()
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 1<<20)
	name := ""
	for total := 0; total < n && lines.Scan(); {
		if text, ok := bytes.CutPrefix(lines.Bytes(), []byte("event: ")); ok {
			name = string(text)
		}
		text, ok := bytes.CutPrefix(lines.Bytes(), []byte("data: "))
		if !ok {
			continue
		}
		var d digested
		must(s.t, json.Unmarshal(text, &d))
		if name != "digest" || d.Events == 0 {
			s.t.Errorf("%s: %s", name, text)
		}
		total += d.Events
		list = append(list, d)
	}
	return list
}

func TestAStreamThatIsSummedUpCountsEveryEventOnce(t *testing.T) {
	t.Parallel()
	s := newService(t)
	const logins = 700
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range logins {
			s.login(fmt.Sprintf("u%d@localhost", i%7), fmt.Sprint(i), "192.0.2.7:5222")
		}
	}()
	types, last := map[string]int{}, events.Seq(0)
	list := s.digests("every=100ms&newest=3", 2*logins)
	<-done
	for _, d := range list {
		for name, n := range d.Types {
			types[name] += n
		}
		if d.Position <= last || len(d.Newest) != min(d.Events, 3) {
			t.Errorf("%+v after %d", d, last)
		}
		last = d.Position
		if newest := d.Newest[len(d.Newest)-1]; newest.Sequence != fmt.Sprintf("%020d", d.Position) {
			t.Errorf("the newest is %s, the position %d", newest.Sequence, d.Position)
		}
	}
	if types["session.authenticated"] != logins || types["session.bound"] != logins || last != 2*logins {
		t.Errorf("%v up to %d", types, last)
	}
	if len(list) > logins {
		t.Errorf("%d messages", len(list))
	}
}

// Events that are only counted are not told, and those that a filter leaves out are
// not counted.
func TestADigestIsOfWhatIsMeant(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for i := range 5 {
		s.login("alice@localhost", fmt.Sprint(i), "192.0.2.7:5222")
	}
	for _, d := range s.digests("every=1s&type=bound", 5) {
		if len(d.Newest) != 0 || len(d.Types) != 1 || d.Types["session.bound"] != d.Events {
			t.Errorf("%+v", d)
		}
	}
	for _, query := range []string{"every=1", "every=1ms", "every=2h", "newest=3", "every=1s&newest=101", "every=1s&newest=x"} {
		answer := s.request(t.Context(), s.token, "/v1/events/stream?"+query)
		answer.Body.Close()
		if answer.StatusCode != 400 {
			t.Errorf("%s: %s", query, answer.Status)
		}
	}
}
