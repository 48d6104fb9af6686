package api_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// streamed reads server-sent events after a sequence until there are some, or the log's end.
func (s *service) streamed(token string, after events.Seq, query string, most int, end events.Seq) (got []events.Seq) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 60*time.Second)
	defer cancel()
	answer := s.request(ctx, token, fmt.Sprintf("/v1/events/stream?after=%d%s", after, query))
	defer answer.Body.Close()
	if answer.StatusCode == 429 { // a token may not ask more often
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
		}
		return nil
	}
	if answer.StatusCode != 200 || answer.Header.Get("Content-Type") != "text/event-stream" {
		s.t.Fatalf("%d %v", answer.StatusCode, answer.Header)
	}
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 1<<20)
	for len(got) < most && (len(got) == 0 || got[len(got)-1] < end) && lines.Scan() {
		if id, ok := bytes.CutPrefix(lines.Bytes(), []byte("id: ")); ok {
			n, err := strconv.ParseUint(string(id), 10, 64)
			must(s.t, err)
			got = append(got, events.Seq(n))
		}
	}
	return got
}

// A stream that is cut off at any place and taken up again loses and doubles nothing.
func TestAStreamThatIsCutLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	s := newService(t)
	const logins = 1500
	var writers sync.WaitGroup
	for w := range 3 {
		writers.Go(func() {
			for i := range logins / 3 {
				s.login(fmt.Sprintf("u%d-%d@localhost", w, i%20), fmt.Sprint(i), "192.0.2.7:5222")
			}
		})
	}
	// The other readers follow from the beginning to the end, one of them without a cut.
	var readers sync.WaitGroup
	end := events.Seq(2 * logins)
	readers.Go(func() {
		if got := s.streamed(s.token, 0, "", 1<<20, end); !slices.Equal(got, upTo(end)) {
			t.Errorf("without a cut there are %d events of %d", len(got), end)
		}
	})
	var cuts atomic.Int64
	for r := range 4 {
		token := s.add(fmt.Sprint("reader", r), "read")
		s.await(token)
		readers.Go(func() {
			random := rand.New(rand.NewPCG(uint64(r), 7))
			var got []events.Seq
			for len(got) < int(end) {
				cuts.Add(1)
				after := events.Seq(0)
				if len(got) > 0 {
					after = got[len(got)-1]
				}
				got = append(got, s.streamed(token, after, "", 1+random.IntN(20), end)...)
			}
			if !slices.Equal(got, upTo(end)) {
				t.Errorf("with cuts there are %d events of %d", len(got), end)
			}
		})
	}
	writers.Wait()
	readers.Wait()
	if cuts.Load() < 1000 {
		t.Errorf("it was cut %d times", cuts.Load())
	}
	some := s.page(fmt.Sprintf("type=bound&limit=20&after=%d", end-100))
	want := some.sequences()
	if got := s.streamed(s.token, end-100, "&type=bound", len(want), end); len(want) != 20 || !slices.Equal(got, want) {
		t.Errorf("of one type there are %d, want %d", got, want)
	}
}

// Whoever asks only for the head of an answer that has no end would wait for ever.
func TestAStreamHasNoHead(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for _, path := range []string{"/v1/events/stream", "/v1/events.ndjson"} {
		r, err := http.NewRequestWithContext(t.Context(), "HEAD", s.url+path, nil)
		must(t, err)
		r.Header.Set("Authorization", "Bearer "+s.token)
		answer, err := http.DefaultClient.Do(r)
		must(t, err)
		answer.Body.Close()
		if answer.StatusCode != 405 {
			t.Errorf("%s: %s", path, answer.Status)
		}
	}
}
