package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/natsd"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/api"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/api/access"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector"
	"github.com/rollcall-xmpp/rollcall/replay"
	"github.com/rollcall-xmpp/rollcall/replay/names"
	"github.com/rollcall-xmpp/rollcall/replay/stats"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/accounts"
)

// A service is a log in a server of the test's own, and the API over it.
type service struct {
	t     testing.TB
	nats  *natsd.Server
	bus   *bus.Bus
	table *projector.Table
	url   string
	token string      // of scope admin
	busy  atomic.Bool // its table is not up to date
	write *session.Service
	audit *recorder
	log   kickLog // that kicks go to
	read  readLog // that questions are answered from

	connectors connectors // that are drained
	accounts   *accounts.Store
	server     *api.Server
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newService(t testing.TB) *service {
	t.Helper()
	return newServiceOf(t, nil)
}

// newServiceOf has these proxies.
func newServiceOf(t testing.TB, proxy func(netip.Addr) bool) *service {
	t.Helper()
	server, err := natsd.Start(t.Context(), natsd.Options{DataDir: t.TempDir()})
	must(t, err)
	t.Cleanup(server.Shutdown)
	b, err := bus.Connect(t.Context(), bus.Config{InProcess: server})
	must(t, err)
	t.Cleanup(b.Close)
	s := &service{t: t, nats: server, bus: b, table: projector.NewTable(), accounts: &accounts.Store{Keys: b.Accounts(), Rosters: b.Rosters(), Bans: b.Bans()}}
	s.log.Log, s.read.Log = b.Log(), b.Log()
	s.write, err = session.NewService(session.Config{Log: b.Log(), Accounts: session.NewHistories(b.Log()), Connector: events.Incarnation{Name: "c1", Epoch: 1}})
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	var work sync.WaitGroup
	t.Cleanup(func() { cancel(); work.Wait() })
	day := stats.NewDay(s.table)
	fold, err := projector.New(projector.Config{Log: b.Log(), Table: s.table, Observe: day.Observe})
	must(t, err)
	guard := access.NewGuard(b.Tokens())
	work.Go(func() { fold.Run(ctx) })
	work.Go(func() { guard.Follow(ctx) })
	a := api.New(api.Config{
		Proxy: proxy, Position: func() events.Seq { return s.table.Position().Seq },
		AwaitPosition: func(ctx context.Context, seq events.Seq) error {
			at := s.table.Position()
			at.Seq = seq
			return s.table.WaitFor(ctx, at)
		},
	})
	kicker, err := accounts.NewAdmin(&s.log, s.accounts, "http")
	must(t, err)
	record := &recorder{Audit: b.Audit()}
	s.audit = record
	s.server = a
	a.Mount(ctx, &api.History{
		Archive: replay.Archive{Log: &s.read, Keyframes: b.Keyframes(), Memory: &replay.Memory{}}, Pre: b.Pre(), Table: s.table,
		Ready: func() bool { return !s.busy.Load() }, Leases: b.Leases(), Accounts: s.accounts,
		Names: names.New(b.Names(), b.Log()), Keys: b.Accounts(), Rosters: b.Rosters(), Kicker: kicker, Moderator: kicker, Drainer: &s.connectors, Bans: b.Bans(), Guard: guard, Tokens: b.Tokens(), Audit: record,
		Capacity: b.Log(), Projection: s.projection, Public: b.Public(), Day: day,
	})
	h := httptest.NewServer(a)
	t.Cleanup(h.Close)
	s.url = h.URL
	s.token = s.add("admin", "admin")
	s.await(s.token)
	return s
}

// add makes a token.
func (s *service) add(name, scopes string) string {
	s.t.Helper()
	list, err := access.ParseScopes(scopes)
	must(s.t, err)
	_, shown, err := access.Add(s.t.Context(), s.bus.Tokens(), access.Token{Name: name, Scopes: list})
	must(s.t, err)
	return shown
}

// await waits until a token is known.
func (s *service) await(token string) {
	s.t.Helper()
	for end := time.Now().Add(30 * time.Second); ; {
		status, _, _ := s.get(token, "/v1/events?limit=1&account=nobody@localhost")
		if status == 200 || status == 403 {
			return
		}
		if time.Now().After(end) {
			s.t.Fatalf("the token is not known: %d", status)
		}
	}
}

func (s *service) request(ctx context.Context, token, path string) *http.Response {
	s.t.Helper()
	return s.do(ctx, "GET", token, path)
}

func (s *service) do(ctx context.Context, method, token, path string) *http.Response {
	s.t.Helper()
	r, err := http.NewRequestWithContext(ctx, method, s.url+path, nil)
	must(s.t, err)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := http.DefaultClient.Do(r)
	must(s.t, err)
	return answer
}

func (s *service) get(token, path string) (int, http.Header, string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 60*time.Second)
	defer cancel()
	answer := s.request(ctx, token, path)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	must(s.t, err)
	return answer.StatusCode, answer.Header, string(body)
}

// login begins and binds a session, which makes two records.
func (s *service) login(account, resource, address string) events.SessionID {
	info, err := s.bus.Log().Info(context.Background())
	if err != nil {
		s.t.Error(err)
	}
	return s.loginAsOf(info.Last, account, resource, address)
}

type event struct {
	Type     string
	Sequence string
	Data     struct{ Account, JID, Address, Who string }
}

func (e *event) seq() events.Seq {
	n, _ := strconv.ParseUint(strings.TrimLeft(e.Sequence, "0"), 10, 64)
	return events.Seq(n)
}

type page struct {
	Items []event
	Next  struct {
		After, To *events.Seq
	}
	Complete    bool
	Scanned     int
	ScanLimited bool `json:"scan_limited"`
}

func (s *service) page(query string) (p page) {
	s.t.Helper()
	status, _, body := s.get(s.token, "/v1/events?"+query)
	if status != 200 {
		s.t.Fatalf("%s: %d %s", query, status, body)
	}
	must(s.t, json.Unmarshal([]byte(body), &p))
	return p
}

// sequences are those of a page's events.
func (p *page) sequences() (list []events.Seq) {
	for i := range p.Items {
		list = append(list, p.Items[i].seq())
	}
	return list
}

func upTo(n events.Seq) (list []events.Seq) {
	for seq := events.Seq(1); seq <= n; seq++ {
		list = append(list, seq)
	}
	return list
}

// Paged to its end, upwards and downwards, the API has what the log has, while it grows.
func TestPagesAreTheLogWhileItGrows(t *testing.T) {
	t.Parallel()
	s := newService(t)
	stop := make(chan struct{})
	var writers sync.WaitGroup
	for w := range 3 {
		writers.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
					s.login(fmt.Sprintf("u%d-%d@localhost", w, i%20), fmt.Sprint(i), "192.0.2.7:5222")
				}
			}
		})
	}
	var got []events.Seq
	for after := events.Seq(0); len(got) < 1500; {
		p := s.page(fmt.Sprintf("limit=97&after=%d", after))
		got = append(got, p.sequences()...)
		after = *p.Next.After
	}
	close(stop)
	writers.Wait()
	for after := got[len(got)-1]; ; {
		p := s.page(fmt.Sprintf("limit=1000&after=%d", after))
		got = append(got, p.sequences()...)
		if after = *p.Next.After; p.Complete {
			break
		}
	}
	info, err := s.bus.Log().Info(t.Context())
	must(t, err)
	if !slices.Equal(got, upTo(info.Last)) {
		t.Fatalf("upwards there are %d events of %d, or in another order", len(got), info.Last)
	}
	var down []events.Seq
	for query := "order=desc&limit=83"; ; {
		p := s.page(query)
		down = append(down, p.sequences()...)
		if p.Complete {
			break
		}
		query = fmt.Sprintf("order=desc&limit=83&to=%d", *p.Next.To)
	}
	if p := s.page("order=desc&limit=3&to=3"); len(p.Items) != 3 || !p.Complete {
		t.Errorf("a page that ends with the first record is not the last: %+v", p)
	}
	slices.Reverse(down)
	if !slices.Equal(down, got) {
		t.Fatalf("downwards there are %d events of %d, or in another order", len(down), info.Last)
	}
	one := s.page("account=u1-3@localhost&type=bound&limit=1000")
	for i := range one.Items {
		if e := &one.Items[i]; e.Data.Account != "u1-3@localhost" || e.Type != "rollcall.session.bound.v1" || e.Data.Who == "" {
			t.Errorf("among those of one account there is %+v", e)
		}
	}
	if len(one.Items) == 0 || !one.Complete {
		t.Errorf("of one account there are %d, complete: %v", len(one.Items), one.Complete)
	}
	checkDownload(t, s, info.Last)
}

// checkDownload expects the same in a download, of which the last line says that it is whole.
func checkDownload(t *testing.T, s *service, last events.Seq) {
	t.Helper()
	_, _, body := s.get(s.token, "/v1/events.ndjson")
	lines := strings.Split(strings.TrimSuffix(body, "\n"), "\n")
	if want := fmt.Sprintf(`{"position":%d}`, last); lines[len(lines)-1] != want {
		t.Fatalf("the last line is %q, want %q", lines[len(lines)-1], want)
	}
	for i, line := range lines[:len(lines)-1] {
		var e event
		if err := json.Unmarshal([]byte(line), &e); err != nil || e.seq() != events.Seq(i+1) {
			t.Fatalf("line %d is %q", i+1, line)
		}
	}
	if len(lines) != int(last)+1 {
		t.Errorf("%d lines of %d events", len(lines), last)
	}
}

func TestSessionsAreThoseOfNowOrOfAMoment(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for i := range 5 {
		s.login(fmt.Sprintf("u%d@localhost", i), "phone", "192.0.2.7:5222")
	}
	type answer struct {
		At       events.Seq
		Matching int
		States   map[string]int
		Items    []struct{ JID, Address string }
		Next     string
		Complete bool
	}
	ask := func(token, query string) (a answer) {
		t.Helper()
		status, _, body := s.get(token, "/v1/sessions?"+query)
		if status != 200 {
			t.Fatalf("%s: %d %s", query, status, body)
		}
		must(t, json.Unmarshal([]byte(body), &a))
		return a
	}
	var all []string
	for after := ""; ; {
		a := ask(s.token, "min_seq=10&limit=2&after="+url.QueryEscape(after))
		if a.Matching != 5 || len(a.States) != 1 || a.States["connected"] != 5 {
			t.Errorf("after %q there are %d in all, %v", after, a.Matching, a.States)
		}
		for _, v := range a.Items {
			all = append(all, v.JID)
		}
		if after = a.Next; a.Complete {
			break
		}
	}
	want := []string{"u0@localhost/phone", "u1@localhost/phone", "u2@localhost/phone", "u3@localhost/phone", "u4@localhost/phone"}
	if !slices.Equal(all, want) {
		t.Errorf("there are %q", all)
	}
	if a := ask(s.token, "at=4"); a.At != 4 || a.Matching != 2 || len(a.Items) != 2 || a.Items[0].Address != "192.0.2.7:5222" {
		t.Errorf("after record 4 there are %+v", a)
	}
	if a := ask(s.token, "account=u3@localhost"); len(a.Items) != 1 {
		t.Errorf("of one account there are %+v", a)
	}
	s.busy.Store(true)
	if status, _, body := s.get(s.token, "/v1/sessions"); status != 503 || !strings.Contains(body, "/readyz shows how far") {
		t.Errorf("of a table that is not there yet: %d %s", status, body)
	}
	if a := ask(s.token, "at=10"); len(a.Items) != 5 {
		t.Errorf("the past does not wait for it: %+v", a)
	}
	s.busy.Store(false)
	reader := s.add("reader", "read")
	s.await(reader)
	if a := ask(reader, "limit=1"); a.Items[0].Address != "192.0.2.0/24" {
		t.Errorf("without the scope read:address the address is %q", a.Items[0].Address)
	}
}

func TestWhatIsWrongWithAQuestionIsSaid(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for query, want := range map[string]string{
		"limit=0": "limit: it is from 1 to 1000", "limit=1001": "from 1 to 1000", "limit=x": "from 1 to 1000",
		"after=-1": "after: it is a sequence", "order=up": "order: it is asc or desc", "type=bound,nonsense": `there is no \"nonsense\"`,
		"class=x": `there is no \"x\"`, "session=1": "26 characters", "since=yesterday": "since: it is a time", "limit=1&limit=2": "it is given twice",
		"account=a@b/c": "user@domain", "to=0": "sequences begin at 1", "colour=red": "there is no such parameter here",
	} {
		status, _, body := s.get(s.token, "/v1/events?"+query)
		if status != 400 || !strings.Contains(body, want) || !strings.Contains(body, `"parameter":"`) {
			t.Errorf("%s: %d %s, want %s", query, status, body, want)
		}
	}
	if status, _, body := s.get(s.token, "/v1/events/stream?since=-1h"); status != 400 || !strings.Contains(body, "after=0, after the position of a download") {
		t.Errorf("a stream of a span: %d %s", status, body)
	}
	if status, _, body := s.get(s.token, "/v1/events/stream?after=4711"); status != 400 || !strings.Contains(body, "the log ends at") {
		t.Errorf("a stream after the end: %d %s", status, body)
	}
}
