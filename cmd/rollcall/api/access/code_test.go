package access_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/api/access"
	"github.com/rollcall-xmpp/rollcall/events"
)

func offer(t testing.TB, docs events.Documents, who string, at time.Time) string {
	t.Helper()
	code, err := access.Offer(t.Context(), docs, who, []access.Scope{access.Read, access.Kick}, at)
	must(t, err)
	return code
}

func names(t testing.TB, docs events.Documents) (list []string) {
	t.Helper()
	all, err := access.List(t.Context(), docs)
	must(t, err)
	for i := range all {
		list = append(list, all[i].Name)
	}
	return list
}

func TestACodeIsGoodOnceForATokenOfTwelveHours(t *testing.T) {
	t.Parallel()
	docs, now := buckets(t).Tokens(), time.Now()
	g := guard(t, docs)
	code := offer(t, docs, "root@host", now)
	if got := names(t, docs); len(got) != 0 {
		t.Errorf("a code is listed as the token %q", got)
	}
	token, shown, err := access.Redeem(t.Context(), docs, code, now.Add(access.CodeLife-time.Second))
	must(t, err)
	must(t, g.Await(t.Context(), &token))
	who, err := ask(g, "Bearer "+shown)
	if err != nil || who.Name != "web:root@host" || who.Use != access.Browser || !who.May(access.Kick) || who.May(access.Moderate) {
		t.Errorf("it lets in %+v: %v", who, err)
	}
	if left := who.Expires.Sub(now); left < 12*time.Hour || left > 12*time.Hour+access.CodeLife {
		t.Errorf("it ends after %s", left)
	}
	if _, _, err := access.Redeem(t.Context(), docs, code, now); !errors.Is(err, access.ErrCode) {
		t.Errorf("it was used twice: %v", err)
	}
}

func TestACodeEndsAfterFiveMinutes(t *testing.T) {
	t.Parallel()
	docs, now := buckets(t).Tokens(), time.Now()
	code := offer(t, docs, "root@host", now)
	for _, bad := range []string{code + "x", code[:len(code)-1], strings.Replace(code, "rcc_", "rct_", 1), "rcc_", "rcc__", ""} {
		if _, _, err := access.Redeem(t.Context(), docs, bad, now); !errors.Is(err, access.ErrCode) {
			t.Errorf("%q was taken: %v", bad, err)
		}
	}
	if _, _, err := access.Redeem(t.Context(), docs, code, now.Add(access.CodeLife)); !errors.Is(err, access.ErrCode) {
		t.Errorf("it was taken when it had ended: %v", err)
	}
}

func TestOfSeveralThatUseACodeAtOnceOneGetsAToken(t *testing.T) {
	t.Parallel()
	docs, now := buckets(t).Tokens(), time.Now()
	code := offer(t, docs, "root@host", now)
	var work sync.WaitGroup
	var won atomic.Int32
	for range 8 {
		work.Go(func() {
			switch _, _, err := access.Redeem(t.Context(), docs, code, now); {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, access.ErrCode):
				t.Error(err)
			}
		})
	}
	work.Wait()
	if got := names(t, docs); won.Load() != 1 || !slices.Equal(got, []string{"web:root@host"}) {
		t.Errorf("%d got a token, and there are %q", won.Load(), got)
	}
}

// A code lets nobody in, however it is shown: not as a token either.
func TestACodeIsNoToken(t *testing.T) {
	t.Parallel()
	docs := buckets(t).Tokens()
	g := guard(t, docs)
	code := offer(t, docs, "root@host", time.Now())
	await(t, g, add(t, docs, "later", "read", time.Time{}), nil) // so that the code is known, too
	if !g.Knows(code, time.Now()) {
		t.Error("the code is not known")
	}
	for _, shown := range []string{code, strings.Replace(code, "rcc_", "rct_", 1)} {
		if _, err := ask(g, "Bearer "+shown); !errors.Is(err, access.ErrInvalid) {
			t.Errorf("%v", err)
		}
		if g.Knows(code+"x", time.Now()) {
			t.Error("another code is taken for it")
		}
	}
	if g.Knows(code, time.Now().Add(access.CodeLife)) {
		t.Error("it is known when it has ended")
	}
}

// Browsers don't crowd out programs, nor those who log in later; programs don't crowd out
// browsers.
func TestBrowsersAndProgramsDoNotCrowdEachOtherOut(t *testing.T) {
	t.Parallel()
	docs, now := buckets(t).Tokens(), time.Now()
	for i := range access.MaxTokens {
		add(t, docs, fmt.Sprint(i), "read", time.Time{})
	}
	for i := range access.MaxBrowsers + 1 {
		at := now.Add(time.Duration(i) * time.Second)
		_, _, err := access.Redeem(t.Context(), docs, offer(t, docs, fmt.Sprintf("b%d@host", i), at), at)
		must(t, err)
	}
	got := names(t, docs)[access.MaxTokens:]
	if len(got) != access.MaxBrowsers || got[0] != "web:b1@host" {
		t.Errorf("%d browsers have tokens, the first of them %s", len(got), got[0])
	}
	oldest := offer(t, docs, "first@host", now.Add(time.Hour))
	for range access.MaxCodes {
		offer(t, docs, "more@host", now.Add(time.Hour+time.Minute))
	}
	if _, _, err := access.Redeem(t.Context(), docs, oldest, now.Add(time.Hour+time.Minute)); !errors.Is(err, access.ErrCode) {
		t.Errorf("there are more codes than there may be: %v", err)
	}
	offer(t, docs, "tomorrow@host", now.Add(24*time.Hour))
	if got := names(t, docs); len(got) != access.MaxTokens {
		t.Errorf("%d are left when those of browsers have expired", len(got))
	}
}

func TestABrowserLogsOutAlone(t *testing.T) {
	t.Parallel()
	docs, now := buckets(t).Tokens(), time.Now()
	g := guard(t, docs)
	redeem := func() (access.Token, string) {
		token, shown, err := access.Redeem(t.Context(), docs, offer(t, docs, "root@host", now), now)
		must(t, err)
		must(t, g.Await(t.Context(), &token))
		return token, shown
	}
	one, first := redeem()
	_, second := redeem()
	must(t, access.LogOut(t.Context(), docs, &one))
	await(t, g, first, access.ErrInvalid)
	await(t, g, second, nil)
	if err := access.LogOut(t.Context(), docs, &one); !errors.Is(err, access.ErrNoToken) {
		t.Errorf("logged out again: %v", err)
	}
	add(t, docs, "program", "read", time.Time{})
	all, err := access.List(t.Context(), docs)
	must(t, err)
	if err := access.LogOut(t.Context(), docs, &all[1]); !errors.Is(err, access.ErrNoToken) {
		t.Errorf("a program was logged out: %v", err)
	}
	must(t, access.Remove(t.Context(), docs, "web:root@host"))
	await(t, g, second, access.ErrInvalid)
}

// The name says who, whatever the system calls them, and no program may have one like it.
func TestNamesOfBrowsersAreTheirs(t *testing.T) {
	t.Parallel()
	docs, now := buckets(t).Tokens(), time.Now()
	if _, _, err := access.Add(t.Context(), docs, access.Token{Name: "web:root@host"}); !errors.Is(err, access.ErrName) {
		t.Errorf("a program is called so: %v", err)
	}
	for who, want := range map[string]string{
		"The Admin@host": "web:The_Admin@host", "a\xffb@host": "web:a_b@host",
		strings.Repeat("é", access.MaxName): "web:" + strings.Repeat("é", (access.MaxName-4)/2),
	} {
		token, _, err := access.Redeem(t.Context(), docs, offer(t, docs, who, now), now)
		must(t, err)
		if token.Name != want {
			t.Errorf("%q is called %q", who, token.Name)
		}
	}
}

// Tokens that were stored by a version that knew no uses are read as tokens of programs.
func TestTokensOfOlderVersionsAreThoseOfPrograms(t *testing.T) {
	t.Parallel()
	docs := buckets(t).Tokens()
	old := `[{"id":"aaaaaaaa","name":"grafana","scopes":["read"],"made":"2026-01-02T03:04:05Z","expires":"0001-01-01T00:00:00Z","hash":"` +
		`K7gNU3sdo+OL0wNhqoVWhr3g6s1xYv72ol/pe/Unols="}]` // SHA-256 of "secret"
	_, err := docs.Put(t.Context(), events.StoredJID("tokens.rollcall.invalid"), []byte(old), 0)
	must(t, err)
	await(t, guard(t, docs), "rct_aaaaaaaa_secret", nil)
	all, err := access.List(t.Context(), docs)
	must(t, err)
	if len(all) != 1 || all[0].Use != access.Program {
		t.Errorf("read as %+v", all)
	}
}

func TestViewersMayWhatTheyAreFor(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"reader": "read", "operator": "read kick moderate operate", "auditor": "read export audit", "admin": "read kick moderate operate export audit admin",
	} {
		v, err := access.ViewerOf(name)
		must(t, err)
		token := access.Token{Scopes: v.Scopes}
		for _, s := range []access.Scope{access.Read, access.Kick, access.Moderate, access.Operate, access.Export, access.Audit, access.Admin} {
			if token.May(s) != slices.Contains(strings.Fields(want), string(s)) {
				t.Errorf("%s may %s: %v", name, s, token.May(s))
			}
		}
	}
	if _, err := access.ViewerOf("root"); !errors.Is(err, access.ErrViewer) || !strings.Contains(err.Error(), "reader, operator, auditor and admin") {
		t.Errorf("there is no such viewer: %v", err)
	}
}
