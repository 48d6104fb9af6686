package api_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/api/access"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay/filter"
	"github.com/rollcall-xmpp/rollcall/session"
)

// close ends a session.
func (s *service) close(account string, id events.SessionID, reason events.Reason) {
	s.t.Helper()
	_, _, err := s.write.Do(s.t.Context(), events.StoredJID(account), events.ConnID{}, session.Close{Session: id, Reason: reason})
	must(s.t, err)
}

// crowd is a service with sessions of ten accounts, of which every other one has ended.
func crowd(t *testing.T) (s *service, ids []events.SessionID) {
	t.Helper()
	s = newService(t)
	for i := range 40 {
		account := fmt.Sprintf("u%d@localhost", i%10)
		id := s.login(account, fmt.Sprintf("r%d", i), fmt.Sprintf("192.0.2.%d:5222", i))
		if ids = append(ids, id); i%2 == 0 {
			s.close(account, id, events.Reasons()[i%4])
		}
	}
	return s, ids
}

// meant are the sequences that a filter means of the whole log.
func (s *service) meant(text string) (list []events.Seq) {
	s.t.Helper()
	f, err := filter.Parse(text)
	must(s.t, err)
	for st, err := range s.bus.Log().Read(s.t.Context(), events.Range{}) {
		must(s.t, err)
		if f.Event(st) {
			list = append(list, st.Seq)
		}
	}
	return list
}

// A page, a download and a stream have what the filter means, and nothing else.
func TestAFilterMeansTheSameOnEveryRoute(t *testing.T) {
	t.Parallel()
	s, ids := crowd(t)
	for _, text := range []string{
		"type:closed", "type:closed -reason:client duration:<1h", "account:u2@localhost", "account:u2@localhost,u4@localhost,u1@localhost -type:bound",
		"address:192.0.2.0/29", "session:" + ids[4].String() + "," + ids[7].String(), "resource:r1? mechanism:*", "-class:session", "duration:>1h",
	} {
		want, query := s.meant(text), "filter="+url.QueryEscape(text)
		p := s.page("limit=1000&" + query)
		if got := p.sequences(); !slices.Equal(got, want) || !p.Complete {
			t.Errorf("%s: a page has %d, not %d", text, got, want)
		}
		p = s.page("order=desc&limit=1000&" + query)
		down := p.sequences()
		slices.Reverse(down)
		if !slices.Equal(down, want) {
			t.Errorf("%s: downwards a page has %d, not %d", text, down, want)
		}
		_, _, body := s.get(s.token, "/v1/events.ndjson?"+query)
		lines := strings.Split(strings.TrimSpace(body), "\n")
		var got []events.Seq
		for _, line := range lines[:len(lines)-1] {
			var e event
			must(t, json.Unmarshal([]byte(line), &e))
			got = append(got, e.seq())
		}
		if !slices.Equal(got, want) || !strings.HasPrefix(lines[len(lines)-1], `{"position":`) {
			t.Errorf("%s: a download has %d, not %d", text, got, want)
		}
		if len(want) == 0 {
			continue
		}
		if got := s.streamed(s.token, 0, "&"+query, len(want), want[len(want)-1]); !slices.Equal(got, want) {
			t.Errorf("%s: a stream has %d, not %d", text, got, want)
		}
	}
}

// One account's events are read by themselves, and many records without one that is meant
// are said to have been looked at.
func TestAPageSaysHowManyRecordsItLookedAt(t *testing.T) {
	t.Parallel()
	s, _ := crowd(t)
	info, err := s.bus.Log().Info(t.Context())
	must(t, err)
	for text, want := range map[string]int{
		"duration:>1d":                                   int(info.Last),
		"account:u2@localhost duration:>1d":              len(s.meant("account:u2@localhost")),
		"account:u2@localhost,u4@localhost reason:error": len(s.meant("account:u2@localhost,u4@localhost")),
	} {
		if p := s.page("limit=1000&filter=" + url.QueryEscape(text)); p.Scanned != want {
			t.Errorf("for %s %d records were looked at, not %d", text, p.Scanned, want)
		}
	}
}

// Whoever may not see addresses could find one out by asking whether it is in a network.
func TestOnlyThoseWhoMaySeeAddressesFilterByThem(t *testing.T) {
	t.Parallel()
	s, _ := crowd(t)
	reader, full, own := s.add("reader", "read"), s.add("full", "read,read:address"), s.add("own", "account:u1@localhost")
	for _, token := range []string{reader, full, own} {
		s.await(token)
	}
	for _, path := range []string{"/v1/events?", "/v1/events.ndjson?", "/v1/events/stream?after=1000000&", "/v1/sessions?"} {
		for _, text := range []string{"address:192.0.2.7", "account:u1@localhost -address:192.0.2.0/24", "address:*"} {
			query := "filter=" + url.QueryEscape(text)
			status, _, body := s.get(reader, path+query)
			if status != 403 || !strings.Contains(body, `"parameter":"filter"`) || !strings.Contains(body, "scope read:address") {
				t.Errorf("%s%s: %d %s", path, query, status, body)
			}
			if status, _, body := s.get(full, path+query); status == 403 {
				t.Errorf("with the scope: %s%s: %d %s", path, query, status, body)
			}
			of := strings.HasPrefix(text, "account:u1@")
			if status, _, body := s.get(own, path+query); (status == 403) == of {
				t.Errorf("with the scope of one account: %s%s: %d %s", path, query, status, body)
			}
		}
	}
	if status, _, _ := s.get(reader, "/v1/events?filter="+url.QueryEscape("type:closed agent:*")); status != 200 {
		t.Errorf("without an address: %d", status)
	}
}

// A filter that names one account asks about it.
func TestTheAccountOfAFilterIsAskedAboutAndOnRecord(t *testing.T) {
	t.Parallel()
	s, _ := crowd(t)
	own := s.add("own", "account:u1@localhost")
	s.await(own)
	for text, want := range map[string]int{
		"account:u1@localhost": 200, "account:u1@localhost account:u2@localhost": 200, "account:u2@localhost": 403, "account:u1@localhost,u2@localhost": 403,
		"-account:u2@localhost": 403, "account:*": 403, "type:closed": 403, "account:u1@localhost frobnicate:x": 403,
	} {
		status, _, body := s.get(own, "/v1/events?filter="+url.QueryEscape(text))
		if status != want {
			t.Errorf("%s: %d %s", text, status, body)
		}
		if strings.Contains(body, "u2@localhost") && status == 200 {
			t.Errorf("%s tells of another account: %s", text, body)
		}
	}
	found := false
	for e, err := range s.bus.Audit().Read(t.Context(), time.Time{}, time.Time{}) {
		must(t, err)
		one, err := access.Open(e.Seq, e.At, e.Data)
		must(t, err)
		found = found || one.By == "token own" && one.About.String() == "u1@localhost" && one.Asked == "filter=account%3Au1%40localhost"
	}
	if !found {
		t.Error("what was asked about the account is not on record")
	}
}

func TestSessionsAreChosenByTheSameGrammar(t *testing.T) {
	t.Parallel()
	s, ids := crowd(t)
	count := func(query string) int {
		t.Helper()
		status, _, body := s.get(s.token, "/v1/sessions?min_seq=100&limit=1000&"+query)
		var answer struct{ Items []struct{ ID string } }
		must(t, json.Unmarshal([]byte(body), &answer))
		if status != 200 {
			t.Errorf("%s: %d %s", query, status, body)
		}
		return len(answer.Items)
	}
	for text, want := range map[string]int{
		"": 20, "account:u1@localhost,u3@localhost": 8, "address:192.0.2.0/29": 4, "session:" + ids[1].String(): 1, "session:" + ids[2].String(): 0,
		"state:connected": 20, "-state:connected": 0, "resource:r1,r3,r5,r4": 3, "duration:>1d": 0, "duration:<1d connector:c1": 20,
	} {
		if got := count("filter=" + url.QueryEscape(text)); got != want {
			t.Errorf("%q means %d sessions, not %d", text, got, want)
		}
	}
	if got := count("at=5&filter=" + url.QueryEscape("duration:<1s")); got != 1 {
		t.Errorf("after record 5 %d sessions are young", got)
	}
}

func TestWhatIsWrongWithAFilterIsAProblemOfThatParameter(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for query, want := range map[string]string{
		"/v1/events?filter=kicked":                   `filter: \"kicked\" is no term`,
		"/v1/events?filter=typ:closed":               "filter: typ: there is no such key; there are type, class,",
		"/v1/events.ndjson?filter=duration:1h":       `filter: duration: \"1h\" is no range`,
		"/v1/events/stream?filter=state:lost":        "filter: state: there is no such key",
		"/v1/sessions?filter=agent:x":                "filter: agent: there is no such key; there are account,",
		"/v1/sessions?filter=reason:kicked":          "have not ended",
		"/v1/events?filter=type:auth_failed":         "not in the log",
		"/v1/events?filter=class:connection+-text:*": "not in the log",
		"/v1/events?filter=type:bound&filter=a:b":    "filter: it is given twice",
	} {
		status, _, body := s.get(s.token, query)
		if status != 400 || !strings.Contains(body, want) || !strings.Contains(body, `"parameter":"filter"`) {
			t.Errorf("%s: %d %s", query, status, body)
		}
	}
	if status, _, body := s.get(s.token, "/v1/events?type=gone"); status != 400 || !strings.Contains(body, `"parameter":"type"`) || !strings.Contains(body, "authenticated, bound") {
		t.Errorf("%d %s", status, body)
	}
}

func TestTheDescriptionHasEveryKey(t *testing.T) {
	t.Parallel()
	s := newService(t)
	_, _, body := s.get("", "/v1/openapi.json")
	var doc struct {
		Paths map[string]struct {
			Get struct {
				Parameters []struct{ Name, Description, Example string }
			}
		}
	}
	must(t, json.Unmarshal([]byte(body), &doc))
	for path, keys := range map[string][]filter.Key{
		"/v1/events": filter.EventKeys(), "/v1/events.ndjson": filter.EventKeys(), "/v1/events/stream": filter.EventKeys(), "/v1/sessions": filter.SessionKeys(),
	} {
		var names []string
		for _, k := range keys {
			if path != "/v1/sessions" || k.Name != "reason" && k.Name != "text" && k.Name != "by" {
				names = append(names, k.Name)
			}
		}
		for _, p := range doc.Paths[path].Get.Parameters {
			if p.Name != "filter" {
				continue
			}
			if want := "Keys: " + strings.Join(names, ", ") + "."; !strings.Contains(p.Description, want) {
				t.Errorf("%s is not described with %s", path, want)
			}
			if status, _, body := s.get(s.token, strings.Replace(path, "/stream", "", 1)+"?filter="+url.QueryEscape(p.Example)); status != 200 {
				t.Errorf("the example of %s: %s", path, body)
			}
		}
	}
}

// How long ago may be in days, as in the duration of a filter.
func TestATimeMayBeDaysAgo(t *testing.T) {
	t.Parallel()
	s, _ := crowd(t)
	for query, want := range map[string]bool{"since=-1d": true, "until=-2d": false, "filter=duration:%3E=0d&type=closed": true} {
		if p := s.page(query); (len(p.Items) > 0) != want {
			t.Errorf("%s: %d events", query, len(p.Items))
		}
	}
}
