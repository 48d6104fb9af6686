package web_test

import (
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/natsd"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/api"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/api/access"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/web"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector"
	"github.com/rollcall-xmpp/rollcall/replay"
	"github.com/rollcall-xmpp/rollcall/replay/names"
	"github.com/rollcall-xmpp/rollcall/replay/stats"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/accounts"
)

// A world is a log in a server of the test's own, the API over it, and the pages around that.
type world struct {
	t     testing.TB
	bus   *bus.Bus
	url   string
	api   http.Handler
	write *session.Service
	store *accounts.Store
	table *projector.Table

	running map[string]*bus.Lease // connectors that can be drained

	tokens, asked int    // that were made, and questions of reader
	admin         string // reader's token
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newWorld(t testing.TB) *world {
	t.Helper()
	server, err := natsd.Start(t.Context(), natsd.Options{DataDir: t.TempDir()})
	must(t, err)
	t.Cleanup(server.Shutdown)
	b, err := bus.Connect(t.Context(), bus.Config{InProcess: server})
	must(t, err)
	t.Cleanup(b.Close)
	w := &world{t: t, bus: b, store: &accounts.Store{Keys: b.Accounts(), Rosters: b.Rosters(), Bans: b.Bans()}}
	w.write, err = session.NewService(session.Config{Log: b.Log(), Accounts: session.NewHistories(b.Log()), Connector: events.Incarnation{Name: "c1", Epoch: 1}})
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	var work sync.WaitGroup
	t.Cleanup(func() { cancel(); work.Wait() })
	table := projector.NewTable()
	w.table = table
	day := stats.NewDay(table)
	fold, err := projector.New(projector.Config{Log: b.Log(), Table: table, Observe: day.Observe})
	must(t, err)
	guard := access.NewGuard(b.Tokens())
	work.Go(func() { fold.Run(ctx) })
	work.Go(func() { guard.Follow(ctx) })
	admin, err := accounts.NewAdmin(b.Log(), w.store, "http")
	must(t, err)
	a := api.New(api.Config{
		Position: func() events.Seq { return table.Position().Seq },
		AwaitPosition: func(ctx context.Context, seq events.Seq) error {
			at := table.Position()
			at.Seq = seq
			return table.WaitFor(ctx, at)
		},
	})
	a.Mount(ctx, &api.History{
		Archive: replay.Archive{Log: b.Log(), Keyframes: b.Keyframes()}, Pre: b.Pre(), Table: table, Ready: func() bool { return true },
		Leases: b.Leases(), Accounts: w.store, Names: names.New(b.Names(), b.Log()), Keys: b.Accounts(), Rosters: b.Rosters(),
		Kicker: admin, Moderator: admin, Drainer: w, Bans: b.Bans(), Guard: guard, Tokens: b.Tokens(), Audit: b.Audit(),
		Public: b.Public(), Day: day, Capacity: b.Log(), Projection: func() ask.Projection {
			return ask.Projection{Position: table.Position().Seq, State: "ready", Lag: new(uint64)}
		},
	})
	w.api = a
	h := httptest.NewServer(web.New(web.Config{API: a}))
	t.Cleanup(h.Close)
	w.url = h.URL
	<-guard.Ready()
	return w
}

// offer makes a code for a viewer.
func (w *world) offer(as string) string {
	w.t.Helper()
	v, err := access.ViewerOf(as)
	must(w.t, err)
	code, err := access.Offer(w.t.Context(), w.bus.Tokens(), as+"@host", v.Scopes, time.Now())
	must(w.t, err)
	return code
}

// A browser keeps cookies, and follows no redirects unless it is told to.
type browser struct {
	w      *world
	client *http.Client
	header http.Header // that each of its requests has
}

func (w *world) browser() *browser {
	jar, err := cookiejar.New(nil)
	must(w.t, err)
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &browser{w, &http.Client{Jar: jar, CheckRedirect: stay}, http.Header{}}
}

// loggedIn is a browser of a viewer.
func (w *world) loggedIn(as string) *browser {
	w.t.Helper()
	b := w.browser()
	if a := b.post("/login", url.Values{"shown": {w.offer(as)}}); a.status != http.StatusSeeOther {
		w.t.Fatalf("not logged in: %d %s", a.status, a.body)
	}
	return b
}

// A seen is what a browser was answered.
type seen struct {
	status int
	header http.Header
	body   string
}

func (b *browser) do(method, path string, form url.Values) seen {
	b.w.t.Helper()
	ctx, cancel := context.WithTimeout(b.w.t.Context(), 30*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, b.w.url+path, strings.NewReader(form.Encode()))
	must(b.w.t, err)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, values := range b.header {
		r.Header[name] = values
	}
	answer, err := b.client.Do(r)
	must(b.w.t, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	must(b.w.t, err)
	return seen{answer.StatusCode, answer.Header, string(body)}
}

func (b *browser) get(path string) seen { return b.do("GET", path, nil) }

func (b *browser) post(path string, form url.Values) seen { return b.do("POST", path, form) }

// with is the same browser, whose requests have one more header.
func (b *browser) with(name, value string) *browser {
	other := *b
	other.header = b.header.Clone()
	other.header.Set(name, value)
	return &other
}
