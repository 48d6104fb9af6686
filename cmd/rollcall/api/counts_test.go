package api_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"
)

// A question that can't be put on record is not answered, and is counted.
func TestAQuestionThatCannotBePutOnRecordIsRefusedAndCounted(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.login("alice@localhost", "phone", "192.0.2.7:5222")
	s.audit.full.Store(true)
	for _, path := range []string{"/v1/events", "/v1/sessions", "/v1/events/stream", "/v1/events.ndjson"} {
		before := s.server.Unrecorded()
		status, header, body := s.get(s.token, path)
		if status != http.StatusServiceUnavailable || header.Get("Retry-After") == "" {
			t.Errorf("%s: %d %s", path, status, body)
		}
		if got := s.server.Unrecorded() - before; got != 1 {
			t.Errorf("%s: %d refusals are counted", path, got)
		}
	}
}

func TestReadersThatFollowAreCounted(t *testing.T) {
	t.Parallel()
	s := newService(t)
	ctx, cancel := context.WithTimeoutCause(t.Context(), 60*time.Second, errors.New("no stream"))
	defer cancel()
	body := s.follow(ctx)
	if body == nil {
		t.Fatal(context.Cause(ctx))
	}
	if got := s.server.Following(); got != 1 {
		t.Errorf("%d readers, want 1", got)
	}
	body.Close()
	for s.server.Following() != 0 {
		select {
		case <-time.After(time.Millisecond):
		case <-ctx.Done():
			t.Fatal("the reader that has gone is counted")
		}
	}
}
