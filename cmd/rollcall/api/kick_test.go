package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/api"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/api/access"
	"github.com/rollcall-xmpp/rollcall/events"
)

// A recorder is the audit, which can be full.
type recorder struct {
	*bus.Audit
	full atomic.Bool
}

func (r *recorder) Append(ctx context.Context, data []byte) error {
	if r.full.Load() {
		return errors.New("the disk is full")
	}
	return r.Audit.Append(ctx, data)
}

// A kickLog is the log, which can be full.
type kickLog struct {
	events.Log
	full atomic.Bool
}

func (l *kickLog) Append(ctx context.Context, r *events.Record) (events.Position, error) {
	if l.full.Load() {
		return events.Position{}, events.ErrFull
	}
	return l.Log.Append(ctx, r)
}

func textOf(t testing.TB, answer *http.Response) string {
	t.Helper()
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	must(t, err)
	return string(body)
}

// A kicked answer is that to a kick.
type kicked struct {
	Ended    []struct{ ID, JID, Connector string }
	Position events.Seq
}

// kick expects that the answer has a status, and returns it.
func (s *service) kick(token, path string, want int) (answer kicked, header http.Header, text string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 30*time.Second)
	defer cancel()
	r := s.do(ctx, "DELETE", token, path)
	text = textOf(s.t, r)
	if r.StatusCode != want {
		s.t.Errorf("DELETE %s: %d %s, want %d", path, r.StatusCode, text, want)
	}
	if want == 200 {
		must(s.t, json.Unmarshal([]byte(text), &answer))
	}
	return answer, r.Header, text
}

// ends are the ends of an account's sessions in the log.
func (s *service) ends(account string) (list []string) {
	s.t.Helper()
	for st, err := range s.bus.Log().Read(s.t.Context(), events.Range{Account: events.StoredJID(account)}) {
		must(s.t, err)
		if e, ok := st.Event.(events.Closed); ok {
			list = append(list, fmt.Sprintf("%s %s %q by %s", st.JID.Resource(), e.Reason, e.Text, e.By))
		}
	}
	return list
}

// entries are those of the audit that were made by a token on routes that begin so.
func (s *service) entries(by, route string) (list []string) {
	s.t.Helper()
	for e, err := range s.bus.Audit().Read(s.t.Context(), time.Time{}, time.Time{}) {
		must(s.t, err)
		one, err := access.Open(e.Seq, e.At, e.Data)
		must(s.t, err)
		if one.By == "token "+by && strings.HasPrefix(one.Did, route) {
			list = append(list, fmt.Sprintf("%s of %s: %s", one.Did, one.About, one.Asked))
		}
	}
	return list
}

// position is what the log has.
func (s *service) position() events.Seq {
	s.t.Helper()
	info, err := s.bus.Log().Info(s.t.Context())
	must(s.t, err)
	return info.Last
}

func wantList(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%s:\n%s\nwant\n%s", what, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestASessionIsKickedOnceAndWhoeverDidItIsInItsEndAndOnRecord(t *testing.T) {
	t.Parallel()
	s := newService(t)
	phone := s.login("alice@localhost", "phone", "192.0.2.7:5222")
	s.login("alice@localhost", "desk", "192.0.2.7:5223")
	desk := s.add("help-desk", "kick")
	s.await(desk)
	path := "/v1/sessions/" + phone.String()
	answer, header, text := s.kick(desk, fmt.Sprintf("%s?reason=at%%20noon&min_seq=%d", path, s.position()), 200)
	if len(answer.Ended) != 1 || answer.Ended[0].ID != phone.String() || answer.Ended[0].JID != "alice@localhost/phone" || answer.Ended[0].Connector != "c1" {
		t.Errorf("ended is %+v", answer.Ended)
	}
	if last := s.position(); answer.Position != last || header.Get("Rollcall-Position") != fmt.Sprint(last) {
		t.Errorf("the position is %d, and %s; the log's is %d", answer.Position, header.Get("Rollcall-Position"), last)
	}
	if strings.Contains(text, "192.0.2") {
		t.Errorf("without the scope for addresses it has one: %s", text)
	}
	if _, _, body := s.get(s.token, fmt.Sprintf("/v1/sessions?account=alice@localhost&min_seq=%d", answer.Position)); strings.Contains(body, phone.String()) || !strings.Contains(body, "/desk") {
		t.Errorf("at that position there are %s", body)
	}
	_, _, body := s.kick(desk, path, 404)
	if !strings.Contains(body, "no session that goes on has this id") {
		t.Errorf("once more: %s", body)
	}
	s.kick(desk, "/v1/sessions/"+events.NewSessionID(time.Now()).String(), 404)
	wantList(t, "ends", s.ends("alice@localhost"), `phone kicked "at noon" by token help-desk`)
	list := s.entries("help-desk", "DELETE ")
	wantList(t, "the audit", list[:2],
		"DELETE /v1/sessions/{id} of alice@localhost: id="+phone.String()+fmt.Sprintf("&reason=at%%20noon&min_seq=%d", answer.Position-1),
		"DELETE /v1/sessions/{id} of : id="+phone.String())
	if len(list) != 3 {
		t.Errorf("%d kicks are on record, of 3 that were asked for", len(list))
	}
}

func TestAllSessionsOfAnAccountAreKicked(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for _, resource := range []string{"phone", "desk"} {
		s.login("bob@localhost", resource, "192.0.2.7:5222")
	}
	s.login("alice@localhost", "phone", "192.0.2.7:5222")
	for _, want := range []int{2, 0} {
		answer, _, text := s.kick(s.token, "/v1/accounts/bob@localhost/sessions", 200)
		if len(answer.Ended) != want || answer.Ended == nil || answer.Position == 0 {
			t.Errorf("the answer is %s, want %d", text, want)
		}
	}
	answer, _, _ := s.kick(s.token, "/v1/accounts/nobody@localhost/sessions", 200)
	if len(answer.Ended) != 0 {
		t.Errorf("of nobody it ends %v", answer.Ended)
	}
	ends := s.ends("bob@localhost")
	slices.Sort(ends) // for sessions of one millisecond are in any order
	wantList(t, "bob's ends", ends, `desk kicked "" by token admin`, `phone kicked "" by token admin`)
	wantList(t, "alice's ends", s.ends("alice@localhost"))
	wantList(t, "the audit", s.entries("admin", "DELETE "), "DELETE /v1/accounts/{jid}/sessions of bob@localhost: ",
		"DELETE /v1/accounts/{jid}/sessions of bob@localhost: ", "DELETE /v1/accounts/{jid}/sessions of nobody@localhost: ")
}

// A token that may read everything of an account may not end its sessions.
func TestKicksAskForTheirScope(t *testing.T) {
	t.Parallel()
	s := newService(t)
	tokens := map[string]string{}
	for name, scopes := range map[string]string{"others": "read,read:address,export,metrics", "alice": "account:alice@localhost", "kicker": "kick"} {
		tokens[name] = s.add(name, scopes)
		s.await(tokens[name])
	}
	changes := 0
	for _, route := range api.Routes {
		method, path, _ := strings.Cut(route.Pattern, " ")
		if method == "GET" || route.Scope == access.Moderate || route.Scope == access.Operate || path == "/v1/token" { // which others have
			continue
		}
		changes++
		for _, c := range []struct {
			token string
			want  int
		}{{"", 401}, {"rct_x_y", 401}, {tokens["others"], 403}, {tokens["alice"], 403}, {tokens["kicker"], 200}, {s.token, 200}} {
			id := s.login("alice@localhost", "phone", "192.0.2.7:5222")
			to := strings.NewReplacer("{jid}", "alice@localhost", "{id}", id.String()).Replace(path) + fmt.Sprintf("?min_seq=%d", s.position())
			if c.want == 401 {
				to, _, _ = strings.Cut(to, "?") // nobody waits without a token
			}
			before := len(s.ends("alice@localhost"))
			s.kick(c.token, to, c.want)
			kicked := 0
			for _, e := range s.ends("alice@localhost")[before:] {
				if strings.HasPrefix(e, "phone kicked") {
					kicked++
				}
			}
			if (kicked == 1) != (c.want == 200) {
				t.Errorf("%s was answered with %d, and %d sessions ended", path, c.want, kicked)
			}
		}
	}
	if changes != 2 {
		t.Errorf("%d routes change something", changes)
	}
}

func TestWhatCannotBePutOnRecordIsNotDone(t *testing.T) {
	t.Parallel()
	s := newService(t)
	id := s.login("alice@localhost", "phone", "192.0.2.7:5222")
	s.audit.full.Store(true)
	for _, path := range []string{"/v1/sessions/" + id.String(), "/v1/accounts/alice@localhost/sessions"} {
		if _, _, body := s.kick(s.token, fmt.Sprintf("%s?min_seq=%d", path, s.position()), 503); !strings.Contains(body, "can't be put on record") {
			t.Errorf("the answer is %s", body)
		}
	}
	wantList(t, "ends", s.ends("alice@localhost"))
}

func TestALogThatTakesNoEndsIsAProblemThatPasses(t *testing.T) {
	t.Parallel()
	s := newService(t)
	id := s.login("alice@localhost", "phone", "192.0.2.7:5222")
	paths := []string{fmt.Sprintf("/v1/sessions/%s?min_seq=%d", id, s.position()), "/v1/accounts/alice@localhost/sessions"}
	s.log.full.Store(true)
	for _, path := range paths {
		_, header, body := s.kick(s.token, path, 503)
		if !strings.Contains(body, "the log has not taken all of the ends; ask again: ") || header.Get("Retry-After") == "" {
			t.Errorf("the answer is %s", body)
		}
	}
	s.log.full.Store(false)
	s.kick(s.token, paths[0], 200)
}

func TestAKickThatMeansNothingIsRefused(t *testing.T) {
	t.Parallel()
	s := newService(t)
	id := s.login("alice@localhost", "phone", "192.0.2.7:5222")
	one, all := fmt.Sprintf("/v1/sessions/%s?min_seq=%d", id, s.position()), "/v1/accounts/alice@localhost/sessions?"
	for path, want := range map[string]string{
		"/v1/sessions/7":                                "id: it is the 26 characters",
		"/v1/accounts/localhost/sessions":               "jid: it is user@domain",
		"/v1/accounts/alice@localhost%2Fphone/sessions": "jid: it is user@domain",
		all + "reason=" + strings.Repeat("x", 1001):     "reason: 1001 bytes are more than 1000",
		all + "reason=%ff":                              "reason: it is not UTF-8",
		all + "reason=a&reason=b":                       "reason: it is given twice",
		all + "resaon=a":                                "resaon: there is no such parameter here; there are reason, min_seq",
		all + "reason=%zz":                              "the query can't be read",
		one + "&reason=50%":                             "the query can't be read",
		one + "&account=bob@localhost":                  "account: there is no such parameter here",
	} {
		if _, _, body := s.kick(s.token, path, 400); !strings.Contains(body, want) {
			t.Errorf("%s: %s, want %s", path, body, want)
		}
	}
	s.busy.Store(true)
	if _, _, body := s.kick(s.token, one, 503); !strings.Contains(body, "/readyz shows how far") {
		t.Errorf("on a table that is not there yet: %s", body)
	}
	wantList(t, "ends", s.ends("alice@localhost"))
}

// A browser asks before a page of another origin may delete something, or show a token; it
// is told nothing that allows it. And what a browser says of a request's origin counts.
func TestAPageOfAnotherOriginKicksNobody(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.login("alice@localhost", "phone", "192.0.2.7:5222")
	const path = "/v1/accounts/alice@localhost/sessions"
	ask := func(method string, header map[string]string) *http.Response {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, s.url+path, nil)
		must(t, err)
		for name, value := range header {
			r.Header.Set(name, value)
		}
		answer, err := http.DefaultClient.Do(r)
		must(t, err)
		for name := range answer.Header {
			if strings.HasPrefix(name, "Access-Control-") {
				t.Errorf("%s is answered with %s", method, name)
			}
		}
		return answer
	}
	const foreign = "https://evil.example"
	if answer := ask("OPTIONS", map[string]string{"Origin": foreign, "Access-Control-Request-Method": "DELETE", "Access-Control-Request-Headers": "authorization"}); answer.StatusCode != 405 {
		t.Errorf("a browser that asks is answered with %d %s", answer.StatusCode, textOf(t, answer))
	}
	bearer := "Bearer " + s.token
	for _, header := range []map[string]string{
		{"Authorization": bearer, "Origin": foreign},
		{"Authorization": bearer, "Sec-Fetch-Site": "cross-site"},
		{"Authorization": bearer, "Sec-Fetch-Site": "same-site"},
	} {
		answer := ask("DELETE", header)
		if body := textOf(t, answer); answer.StatusCode != 403 || !strings.Contains(body, "another origin") {
			t.Errorf("with %v: %d %s", header, answer.StatusCode, body)
		}
	}
	wantList(t, "ends", s.ends("alice@localhost"))
	if answer := ask("DELETE", map[string]string{"Authorization": bearer, "Origin": s.url, "Sec-Fetch-Site": "same-origin"}); answer.StatusCode != 200 {
		t.Errorf("its own page is answered with %d %s", answer.StatusCode, textOf(t, answer))
	}
}
