package api_test

import (
	"fmt"
	"io"
	"testing"
	"time"

	"rollcall/cmd/rollcall/api/access"
)

// A stream ends when the token that opened it is removed, and not only when it is opened
// again.
func TestAStreamEndsWithItsToken(t *testing.T) {
	t.Parallel()
	s := newService(t)
	token := s.add("reader", "read")
	s.await(token)
	answer := s.request(t.Context(), token, "/v1/events/stream")
	defer answer.Body.Close()
	if answer.StatusCode != 200 {
		t.Fatal(answer.Status)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		io.Copy(io.Discard, answer.Body)
	}()
	must(t, access.Remove(t.Context(), s.bus.Tokens(), "reader"))
	for i, end := 0, time.Now().Add(30*time.Second); time.Now().Before(end); i++ {
		s.login(fmt.Sprintf("u%d@localhost", i), "r", "192.0.2.7:5222")
		select {
		case <-ended:
			return
		default:
		}
	}
	t.Fatal("it goes on")
}
