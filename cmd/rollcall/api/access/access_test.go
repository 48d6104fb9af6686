package access_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/natsd"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/api/access"
	"github.com/rollcall-xmpp/rollcall/events"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func add(t testing.TB, docs events.Documents, name, scopes string, expires time.Time) string {
	t.Helper()
	list, err := access.ParseScopes(scopes)
	must(t, err)
	_, shown, err := access.Add(t.Context(), docs, access.Token{Name: name, Scopes: list, Expires: expires})
	must(t, err)
	return shown
}

func ask(g *access.Guard, header string) (*access.Token, error) {
	r := httptest.NewRequest("GET", "/", nil)
	if header != "" {
		r.Header.Set("Authorization", header)
	}
	return g.Authenticate(r)
}

// buckets are those of a server of the test's own.
func buckets(t testing.TB) *bus.Bus {
	t.Helper()
	server, err := natsd.Start(t.Context(), natsd.Options{DataDir: t.TempDir()})
	must(t, err)
	t.Cleanup(server.Shutdown)
	b, err := bus.Connect(t.Context(), bus.Config{InProcess: server})
	must(t, err)
	t.Cleanup(b.Close)
	return b
}

// guard follows tokens until the test ends.
func guard(t testing.TB, docs events.Bucket) *access.Guard {
	g := access.NewGuard(docs)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		g.Follow(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	return g
}

// await waits until a token is answered with an error, or nil.
func await(t testing.TB, g *access.Guard, shown string, want error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for {
		_, err := ask(g, "Bearer "+shown)
		if errors.Is(err, want) {
			return
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-ctx.Done():
			t.Fatalf("%v, want %v", err, want)
		}
	}
}

func TestATokenLetsInWhoeverShowsIt(t *testing.T) {
	t.Parallel()
	docs := buckets(t).Tokens()
	g := guard(t, docs)
	await(t, g, "rct_x_y", access.ErrInvalid)
	mine := add(t, docs, "mine", "read", time.Now().Add(time.Hour))
	other := add(t, docs, "other", "admin", time.Time{})
	await(t, g, mine, nil)
	await(t, g, other, nil)
	for _, header := range []string{"Bearer " + mine, "bearer  " + mine} {
		if who, err := ask(g, header); err != nil || who.Name != "mine" {
			t.Errorf("%q: %v %v", header, who, err)
		}
	}
	id, secret, _ := strings.Cut(strings.TrimPrefix(mine, "rct_"), "_")
	otherID, _, _ := strings.Cut(strings.TrimPrefix(other, "rct_"), "_")
	for header, want := range map[string]error{
		"": access.ErrMissing, "Basic YTpi": access.ErrMissing, "Bearer": access.ErrMissing, "Bearer ": access.ErrMissing,
		"Bearer x": access.ErrInvalid, "Bearer rct_": access.ErrInvalid, "Bearer rct__": access.ErrInvalid,
		"Bearer " + mine + "x": access.ErrInvalid, "Bearer " + id + "_" + secret: access.ErrInvalid,
		"Bearer rct_" + otherID + "_" + secret: access.ErrInvalid, "Bearer rct_" + id + "_": access.ErrInvalid,
	} {
		if _, err := ask(g, header); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", header, err, want)
		}
	}
	await(t, g, add(t, docs, "old", "read", time.Now().Add(-time.Second)), access.ErrExpired)
	must(t, access.Remove(t.Context(), docs, "other"))
	await(t, g, other, access.ErrInvalid)
	if err := access.Remove(t.Context(), docs, "other"); !errors.Is(err, access.ErrNoToken) {
		t.Errorf("removed again: %v", err)
	}
}

// Nobody is taken for unknown because the tokens were not read yet.
func TestNobodyIsJudgedBeforeTheTokensAreRead(t *testing.T) {
	t.Parallel()
	docs := buckets(t).Tokens()
	shown := add(t, docs, "mine", "read", time.Time{})
	g := access.NewGuard(docs)
	if _, err := ask(g, "Bearer "+shown); !errors.Is(err, access.ErrNotReady) {
		t.Errorf("before: %v", err)
	}
	await(t, guard(t, docs), shown, nil)
}

func TestNobodyAsksMoreOftenThanTheAuditBears(t *testing.T) {
	t.Parallel()
	docs := buckets(t).Tokens()
	g := guard(t, docs)
	shown := add(t, docs, "mine", "read", time.Time{})
	await(t, g, shown, nil)
	flood := func() (asked int) {
		for ; ; asked++ {
			if _, err := ask(g, "Bearer "+shown); err != nil {
				if !errors.Is(err, access.ErrTooFast) {
					t.Error(err)
				}
				return asked
			}
		}
	}
	if n := flood(); n < 100 || n > 1000 {
		t.Errorf("%d at once", n)
	}
	await(t, g, add(t, docs, "another", "read", time.Time{}), nil) // gives no fresh start
	if n := flood(); n > 100 {
		t.Errorf("%d more when another was added", n)
	}
	await(t, g, shown, nil) // a while later
}

func TestAScopeIsForItself(t *testing.T) {
	t.Parallel()
	alice, bob := events.StoredJID("alice@localhost"), events.StoredJID("bob@localhost")
	all := []access.Scope{access.Read, access.ReadAddress, access.Export, access.Kick, access.Metrics, access.Admin}
	for _, has := range append(all, "account:alice@localhost") {
		token := access.Token{Scopes: []access.Scope{has}}
		for _, s := range all {
			if got, want := token.May(s), has == s || has == access.Admin; got != want {
				t.Errorf("%s may %s: %v", has, s, got)
			}
			own := has == "account:alice@localhost" && (s == access.Read || s == access.ReadAddress || s == access.Export)
			if got, want := token.MayAbout(s, alice), has == s || has == access.Admin || own; got != want {
				t.Errorf("%s may %s about alice: %v", has, s, got)
			}
			if got, want := token.MayAbout(s, bob), has == s || has == access.Admin; got != want {
				t.Errorf("%s may %s about bob: %v", has, s, got)
			}
		}
		if token.MayAbout(access.Read, events.JID{}) && has != access.Read && has != access.Admin {
			t.Errorf("%s may read about everybody", has)
		}
	}
	if got, err := access.ParseScopes("read, account:Alice@LOCALHOST,read"); err != nil || !slices.Equal(got, []access.Scope{"read", "account:alice@localhost"}) {
		t.Errorf("%q %v", got, err)
	}
	for _, bad := range []string{"", "write", "read,", "account:", "account:localhost", "account:a@b/c"} {
		if _, err := access.ParseScopes(bad); !errors.Is(err, access.ErrScope) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestTokensHaveNamesAndThereAreNotTooMany(t *testing.T) {
	t.Parallel()
	docs := buckets(t).Tokens()
	for _, bad := range []string{"", "two words", "line\n", "\xff", strings.Repeat("x", access.MaxName+1)} {
		if _, _, err := access.Add(t.Context(), docs, access.Token{Name: bad}); !errors.Is(err, access.ErrName) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	for i := range access.MaxTokens {
		add(t, docs, fmt.Sprintf("%0*d", access.MaxName, i), "read,read:address,export,kick,metrics,account:"+strings.Repeat("a", 200)+"@localhost", time.Now())
	}
	if _, _, err := access.Add(t.Context(), docs, access.Token{Name: "more"}); !errors.Is(err, access.ErrTooMany) {
		t.Errorf("one more: %v", err)
	}
	if _, _, err := access.Add(t.Context(), docs, access.Token{Name: fmt.Sprintf("%0*d", access.MaxName, 7)}); !errors.Is(err, access.ErrTaken) {
		t.Errorf("one that is there: %v", err)
	}
}

// Tokens are added and removed by several processes at once, and none is lost.
func TestTokensAreChangedByManyAtOnce(t *testing.T) {
	t.Parallel()
	b := buckets(t)
	var work sync.WaitGroup
	for i := range 20 {
		work.Go(func() {
			add(t, b.Tokens(), fmt.Sprint(i), "read", time.Time{})
			if i%2 == 1 {
				if err := access.Remove(t.Context(), b.Tokens(), fmt.Sprint(i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	work.Wait()
	all, err := access.List(t.Context(), b.Tokens())
	must(t, err)
	if len(all) != 10 {
		t.Errorf("%d are there", len(all))
	}
}

// A record that refuses everything, as one does that can't be reached.
type broken struct{}

func (broken) Append(context.Context, []byte) error { return events.ErrUnavailable }

func TestWhatCannotBePutOnRecordSaysSo(t *testing.T) {
	t.Parallel()
	if err := access.Put(t.Context(), broken{}, access.Entry{}); !errors.Is(err, access.ErrUnrecorded) || !errors.Is(err, events.ErrUnavailable) {
		t.Error(err)
	}
}
