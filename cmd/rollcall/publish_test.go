package main

import (
	"errors"
	"testing"

	"rollcall/bus"
	"rollcall/bus/bustest"
	"rollcall/events"
)

// What is published is what the log has, while people come and go; and metrics say so.
func TestAProcessPublishesAndTellsHowFarItIs(t *testing.T) {
	t.Parallel()
	server := bustest.StartServer(t)
	p := connectorProcess(t, t.TempDir(), "a", "--demo", "--nats", server.URL, "--http", "127.0.0.1:0",
		"--roles", "connector,projector,http,publisher", "--public-max-bytes", "16MiB")
	for range 3 {
		c, err := dialXMPP(p.xmpp(), "localhost", "alice", "alice", "one")
		if err != nil {
			t.Fatal(err)
		}
		c.close()
	}
	b, err := bus.Connect(t.Context(), bus.Config{URL: server.URL, Existing: true})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	eventually(t, "all is published, and said to be", func() bool {
		log, err := b.Log().Info(t.Context())
		s, other := b.Public().State(t.Context())
		if errors.Join(err, other) != nil {
			return false
		}
		all := p.scrape(t)
		lag, told := all[`rollcall_projection_lag_events{projection="publisher"}`]
		return log.Last > 5 && s.Last == log.Last && s.Messages == log.Records && s.Addresses == "network" && told && lag == 0 &&
			events.Seq(all[`rollcall_projection_position{projection="publisher"}`]) == log.Last &&
			all[`rollcall_projection_lag_seconds{projection="publisher"}`] == 0 &&
			all[`rollcall_projection_heartbeat_timestamp_seconds{projection="publisher"}`] > 1e9 &&
			all[`rollcall_log_limit_bytes{stream="RC_PUBLIC"}`] == 16<<20
	})
}
