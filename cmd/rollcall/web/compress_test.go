package web

import (
	"compress/gzip"
	"io"
	"net/http/httptest"
	"testing"
)

func TestWhatABrowserTakesCompressedIsTheSame(t *testing.T) {
	t.Parallel()
	h := New(Config{API: refusing})
	for accepted, want := range map[string]bool{
		"": false, "gzip": true, "br, gzip;q=0.5": true, "gzip;q=0": false, "gzip; q=0.0": false, "gzip;q=1": true, "x-gzip": false,
	} {
		r := httptest.NewRequest("GET", staticPath("app.css"), nil)
		r.Header.Set("Accept-Encoding", accepted)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if got := w.Header().Get("Content-Encoding") == "gzip"; got != want || w.Header().Get("Vary") != "Accept-Encoding" {
			t.Errorf("%q: %v", accepted, w.Header())
			continue
		}
		text := io.Reader(w.Body)
		if want {
			z, err := gzip.NewReader(w.Body)
			if err != nil {
				t.Fatal(err)
			}
			text = z
		}
		got, err := io.ReadAll(text)
		whole, _ := staticFiles.ReadFile("static/app.css")
		if err != nil || string(got) != string(whole) {
			t.Errorf("%q: %d bytes of %d, %v", accepted, len(got), len(whole), err)
		}
	}
}
