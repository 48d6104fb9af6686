package examples

import (
	"strings"
	"testing"
)

// TestExamples has programs follow a service from the beginning of its past, while users
// come and go, connections are cut and the service itself is killed, and then compares what
// each has found with what Go finds in the log.
func TestExamples(t *testing.T) {
	t.Parallel()
	s := start(t)
	token := strings.TrimSpace(s.run(s.program, "token", "add", "examples"))
	s.run(s.program, "feed", "add", "curve", "--class", "session", "--in-order")
	s.run(s.program, "feed", "add", "webhook", "--event", "closed", "--in-order")
	curves := map[string]*curve{
		"concurrency.py":      s.startCurve("concurrency.py", "nats://"+s.nats, "TOKEN="+token),
		"concurrency_http.py": s.startCurve("concurrency_http.py", "http://"+s.cutting(s.http), "TOKEN="+token),
	}
	hooks := map[string]*webhook{
		"webhook.mjs":      s.startWebhook("webhook.mjs", "nats://"+s.nats, "TOKEN="+token),
		"webhook_http.mjs": s.startWebhook("webhook_http.mjs", "http://"+s.cutting(s.http), "TOKEN="+token),
	}
	hooks["webhook.mjs"].forgets = 1000 // NATS writes every second up to where each consumer is
	s.visit()
	s.crash()
	s.settle()
	s.leaveOne()
	b := s.connect()
	info, err := b.Log().Info(s.ctx)
	if err != nil {
		t.Fatal(err)
	}
	f := foldLog(t, b, info.Last)
	t.Run("analytics.sql", s.askSQL)
	for name, c := range curves {
		t.Run(name, func(t *testing.T) { c.compare(t, f.curve) })
	}
	for name, h := range hooks {
		t.Run(name, func(t *testing.T) { h.compare(t, f.ends) })
	}
}
