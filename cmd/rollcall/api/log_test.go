package api_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
)

// projection is ready, or rebuilding while the table is not up to date.
func (s *service) projection() ask.Projection {
	p := ask.Projection{Position: s.table.Position().Seq, State: "ready", Lag: new(uint64)}
	if s.busy.Load() {
		p.State = "rebuilding"
	}
	return p
}

type logAnswer struct {
	ask.LogState
	Projection ask.Projection
}

func (s *service) logState() (a logAnswer) {
	s.t.Helper()
	status, _, body := s.get(s.token, "/v1/log")
	if status != 200 {
		s.t.Fatalf("%d %s", status, body)
	}
	must(s.t, json.Unmarshal([]byte(body), &a))
	return a
}

// It is what the verb says of the same log.
func TestTheLogIsWhatTheVerbSays(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.login("alice@localhost", "phone", "192.0.2.7:5222")
	got := s.logState()
	at, err := time.Parse(time.RFC3339Nano, got.At)
	must(t, err)
	report, err := ask.LookAtLog(t.Context(), s.bus.Log(), s.bus.Keyframes(), 1, at)
	must(t, err)
	want, err := json.Marshal(report.State())
	must(t, err)
	if text, err := json.Marshal(got.LogState); err != nil || string(text) != string(want) || got.Records != 2 || *got.Sessions != 1 || got.Headline == "" || got.Level != "fine" {
		t.Errorf("got %s, want %s", text, want)
	}
	if got.Projection.Position != 2 || got.Projection.State != "ready" {
		t.Errorf("the table is at 2: %+v", got.Projection)
	}
	s.busy.Store(true)
	s.login("bob@localhost", "phone", "192.0.2.7:5222")
	again := s.logState()
	if again.At != got.At || again.Projection.State != "rebuilding" || again.Projection.Position != 4 {
		t.Errorf("the log is looked at again, or the table is not: %+v", again)
	}
}
