package main

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/api/access"
)

// Metrics need no token on the same machine, and one of scope metrics from anywhere else,
// behind a proxy too.
func TestMetricsAreForThisMachineAndForTokensOfTheirScope(t *testing.T) {
	t.Parallel()
	b, err := bus.Connect(t.Context(), bus.Config{URL: bustest.StartServer(t).URL, MaxBytes: 64 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	shown := map[access.Scope]string{}
	for _, scope := range []access.Scope{access.Metrics, access.Read, access.Admin} {
		token := access.Token{Name: string(scope), Scopes: []access.Scope{scope}, Expires: time.Now().Add(time.Hour)}
		if _, shown[scope], err = access.Add(t.Context(), b.Tokens(), token); err != nil {
			t.Fatal(err)
		}
	}
	guard := access.NewGuard(b.Tokens())
	go guard.Follow(t.Context())
	h := forWatchers(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), guard)
	ask := func(from, token, forwarded string) int {
		r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
		r.RemoteAddr = from
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		if forwarded != "" {
			r.Header.Set("X-Forwarded-For", forwarded)
		}
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		return rec.Code
	}
	eventually(t, "the tokens are known", func() bool { return ask("192.0.2.1:1", shown[access.Admin], "") == http.StatusOK })
	for _, tt := range []struct {
		from, token, forwarded string
		want                   int
	}{
		{"127.0.0.1:1", "", "", http.StatusOK},
		{"[::1]:1", "", "", http.StatusOK},
		{"[::ffff:127.0.0.1]:1", "", "", http.StatusOK},
		{"127.0.0.1:1", "", "192.0.2.1", http.StatusUnauthorized},
		{"192.0.2.1:1", "", "", http.StatusUnauthorized},
		{"192.0.2.1:1", "rct_a_b", "", http.StatusUnauthorized},
		{"192.0.2.1:1", shown[access.Read], "", http.StatusForbidden},
		{"192.0.2.1:1", shown[access.Metrics], "", http.StatusOK},
		{"127.0.0.1:1", shown[access.Metrics], "192.0.2.1", http.StatusOK},
	} {
		if got := ask(tt.from, tt.token, tt.forwarded); got != tt.want {
			t.Errorf("from %s with %q for %q: %d, want %d", tt.from, tt.token, tt.forwarded, got, tt.want)
		}
	}
}
