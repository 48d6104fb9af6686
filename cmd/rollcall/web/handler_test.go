package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// refusing answers as the API does before it is ready.
var refusing = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(http.StatusServiceUnavailable)
	w.Write([]byte(`{"title":"Service Unavailable","status":503,"detail":"nothing is there <yet>"}`))
})

func get(h http.Handler, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	return w
}

func TestAPageThatIsRefusedSaysWhy(t *testing.T) {
	t.Parallel()
	w := get(New(Config{API: refusing}), "/")
	if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "nothing is there &lt;yet&gt;") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if csp := w.Header().Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
		t.Errorf("policy %q", csp)
	}
}

func TestWhatIsForProgramsGoesToTheAPI(t *testing.T) {
	t.Parallel()
	h := New(Config{API: refusing})
	for path, api := range map[string]bool{"/v1/table": true, "/livez": true, "/metrics": true, "/": false, "/v1": false, "/sessions": false} {
		if got := get(h, path).Header().Get("Content-Type") == "application/problem+json"; got != api {
			t.Errorf("%s by the API: %v", path, got)
		}
	}
	if w := get(h, "/nowhere"); w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), "there is no page at this address") {
		t.Errorf("nowhere: %d", w.Code)
	}
}

// filesOf are the files of the pages, by name.
func filesOf(t *testing.T) map[string]bool {
	t.Helper()
	entries, err := staticFiles.ReadDir("static")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]bool{}
	for _, e := range entries {
		all[e.Name()] = true
	}
	return all
}

// Files are kept by browsers for good, so their addresses change with them.
func TestFilesHaveTheirHashInTheirAddress(t *testing.T) {
	t.Parallel()
	h := New(Config{API: refusing})
	for name := range filesOf(t) {
		w := get(h, staticPath(name))
		if w.Code != http.StatusOK || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") || w.Body.Len() == 0 {
			t.Errorf("%s: %d %v", name, w.Code, w.Header())
		}
		if w := get(h, "/static/other/"+name); w.Code != http.StatusNotFound {
			t.Errorf("%s under another hash: %d", name, w.Code)
		}
	}
}

// A page has room for its files within 60 KB.
func TestTheFilesOfAPageAreSmall(t *testing.T) {
	t.Parallel()
	size := 0
	h := New(Config{API: refusing})
	for name := range filesOf(t) {
		size += get(h, staticPath(name)).Body.Len()
	}
	if size > 45<<10 {
		t.Errorf("%d bytes", size)
	}
}

// Every template can be made for whoever lacks what it shows.
func TestEveryPageHasATemplate(t *testing.T) {
	t.Parallel()
	for _, p := range pages {
		if templateOf(p.template).Lookup("content") == nil {
			t.Errorf("%s has no content", p.template)
		}
	}
}

func TestNumbersAndDurationsAreReadable(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", -1234567: "-1,234,567"} {
		if got := count(n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
	for ms, want := range map[int]string{0: "0 ms", 250: "250 ms", 1000: "1 s", 725_000: "12 min 5 s", 273_600_000: "3 d 4 h", 3_600_000: "1 h"} {
		if got := duration(time.Duration(ms) * time.Millisecond); got != want {
			t.Errorf("%d ms: %s", ms, got)
		}
	}
}

// A figure is the same on a page and in a terminal.
func TestWhatWasMeasuredIsRoundedAsInATerminal(t *testing.T) {
	t.Parallel()
	for ms, want := range map[int]string{250: "250 ms", 1_800: "2 s", 184_831: "3 min 5 s", 450_602: "7 min 31 s"} {
		if got := rounded(time.Duration(ms) * time.Millisecond); got != want {
			t.Errorf("%d ms: %s", ms, got)
		}
	}
}

// A page that can't be made yet has the browser ask again, and no other does.
func TestAPageThatCannotBeMadeYetIsAskedForAgain(t *testing.T) {
	t.Parallel()
	for status, again := range map[int]bool{http.StatusServiceUnavailable: true, http.StatusTooManyRequests: true, http.StatusForbidden: false} {
		w := get(New(Config{API: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(status)
			w.Write([]byte(`{"detail":"the table is being built from the log"}`))
		})}), "/sessions")
		body := w.Body.String()
		if w.Code != status || strings.Contains(body, `<meta http-equiv="refresh"`) != again || strings.Contains(body, "tries again by itself") != again {
			t.Errorf("%d: %d %s", status, w.Code, body)
		}
	}
}
