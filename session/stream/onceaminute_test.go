package stream_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-xmpp/rollcall/session/stream"
)

// The operator is told once a minute, however many connections come.
func TestCrowdsAreReportedNowAndThen(t *testing.T) {
	var log bytes.Buffer
	few := func(c *stream.Config) {
		c.MaxUnbound, c.MaxConnections = 2, 10
		c.Logger = slog.New(slog.NewTextHandler(&log, nil))
	}
	alone(t, few, func(t *testing.T, w *world) {
		crowd := func() {
			for range 5 {
				w.connect()
			}
			synctest.Wait()
		}
		for range 3 {
			crowd()
			<-time.After(25 * time.Second)
		}
		<-time.After(time.Minute) // they are gone
		for range 10 {
			w.login()
		}
		crowd()
		for what, want := range map[string]int{"closed for a newer one": 1, "connection refused": 1} {
			if got := strings.Count(log.String(), what); got != want {
				t.Errorf("%q is in the log %d times, want %d:\n%s", what, got, want, &log)
			}
		}
		<-time.After(time.Minute)
		crowd()
		if got := strings.Count(log.String(), "connection refused"); got != 2 {
			t.Errorf("another minute later a refusal is in the log %d times, want 2", got)
		}
	})
}
