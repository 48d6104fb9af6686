package examples

import (
	"strings"
	"testing"
)

// TestExamples has programs follow a service from the beginning of its past, while users
// come and go and the service itself is killed, and then compares what each has found with
// what Go finds in the log.
func TestExamples(t *testing.T) {
	t.Parallel()
	s := start(t)
	token := strings.TrimSpace(s.run(s.program, "token", "add", "examples"))
	curve := s.startCurve("concurrency_http.py", token)
	hook := s.startWebhook("webhook_http.mjs", token)
	s.visit()
	s.crash()
	b := s.connect()
	info, err := b.Log().Info(s.ctx)
	if err != nil {
		t.Fatal(err)
	}
	f := foldLog(t, b, info.Last)
	t.Run("analytics.sql", s.askSQL)
	t.Run("concurrency_http.py", func(t *testing.T) { curve.compare(t, f.curve) })
	t.Run("webhook_http.mjs", func(t *testing.T) { hook.compare(t, f.ends) })
}
