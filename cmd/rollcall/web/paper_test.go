package web

import (
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// A stuck writer is that of a browser that takes nothing until its time is over.
type stuck struct {
	*httptest.ResponseRecorder
	deadline time.Time
}

func (s *stuck) SetWriteDeadline(t time.Time) error {
	s.deadline = t
	return nil
}

func (s *stuck) Write([]byte) (int, error) {
	time.Sleep(time.Until(s.deadline))
	return 0, os.ErrDeadlineExceeded
}

// Browsers that ask and take nothing, as one with an HTTP/2 window of 0, keep no page from
// others, and are not waited for without end.
func TestNobodyWaitsForABrowserThatTakesNothing(t *testing.T) {
	t.Parallel()
	for _, path := range []string{staticPath("app.css"), "/static/other", "/login", "/nowhere", "/find"} {
		synctest.Test(t, func(t *testing.T) {
			h := New(Config{API: refusing})
			began, over := time.Now(), make(chan time.Duration)
			for range maxPages {
				go func() {
					h.ServeHTTP(&stuck{ResponseRecorder: httptest.NewRecorder(), deadline: began.Add(time.Hour)}, httptest.NewRequest("GET", path, nil))
					over <- time.Since(began)
				}()
			}
			synctest.Wait()
			if w := get(h, "/login"); w.Code != http.StatusOK {
				t.Errorf("while %s is not taken another page is answered with %d", path, w.Code)
			}
			for range maxPages {
				if took := <-over; took != readerTimeout {
					t.Errorf("%s is waited for %s", path, took)
				}
			}
		})
	}
}

// A slow body is that of a browser that sends a form and never gets to its end.
type slow struct{ ended chan struct{} }

func (s slow) Read([]byte) (int, error) {
	<-s.ended
	return 0, os.ErrDeadlineExceeded
}

func TestNobodyWaitsForABrowserThatSendsSlowly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, ended := New(Config{API: refusing}), make(chan struct{})
		for range maxPages {
			go func() {
				r := httptest.NewRequest("POST", "/login", slow{ended})
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				w := httptest.NewRecorder()
				if h.ServeHTTP(w, r); w.Code != http.StatusBadRequest {
					t.Errorf("a form without an end is answered with %d", w.Code)
				}
			}()
		}
		synctest.Wait()
		if w := get(h, "/login"); w.Code != http.StatusOK {
			t.Errorf("meanwhile a page is answered with %d", w.Code)
		}
		close(ended)
		synctest.Wait()
	})
}
