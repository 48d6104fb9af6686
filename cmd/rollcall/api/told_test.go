package api_test

import (
	"slices"
	"testing"
)

// A question that names no account is on record with the one that alone it was told of.
func TestAQuestionIsAboutWhomItsAnswerTellsOf(t *testing.T) {
	t.Parallel()
	s := newService(t)
	id := s.login("bob@localhost", "phone", "192.0.2.7:5222").String()
	s.login("alice@localhost", "phone", "192.0.2.8:5222")
	s.act("alice@localhost") // so that the table has both
	reader := s.add("reader", "read")
	s.await(reader)
	had := len(s.entries("reader", "GET"))
	for _, path := range []string{"/v1/events?filter=session:" + id, "/v1/events", "/v1/sessions?filter=session:" + id, "/v1/sessions"} {
		if status, _, body := s.get(reader, path); status != 200 {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	if got, want := s.entries("reader", "GET")[had:], []string{
		"GET /v1/events of bob@localhost: filter=session:" + id, "GET /v1/events of : ",
		"GET /v1/sessions of bob@localhost: filter=session:" + id, "GET /v1/sessions of : ",
	}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
