package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/events"
)

// The events that are published are those of the log, while people come and go; and
// metrics say so.
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

// sequenceOf reads an event's place in the log.
func sequenceOf(t *testing.T, event []byte) uint64 {
	t.Helper()
	var e struct{ Sequence string }
	if err := json.Unmarshal(event, &e); err != nil {
		t.Fatalf("%v: %s", err, event)
	}
	seq, err := strconv.ParseUint(e.Sequence, 10, 64)
	if err != nil {
		t.Fatalf("%v: %s", err, event)
	}
	return seq
}

// Published events are gone after some days; whoever wants them gets them from the API,
// and then goes on with a feed, without a seam.
func TestABackfillAndAFeedHaveEachEventOnce(t *testing.T) {
	t.Parallel()
	server := bustest.StartServer(t)
	p := connectorProcess(t, t.TempDir(), "a", "--demo", "--nats", server.URL, "--http", "127.0.0.1:0", "--roles", "connector,http,publisher")
	come := func(n int) {
		for range n {
			c, err := dialXMPP(p.xmpp(), "localhost", "alice", "alice", "one")
			if err != nil {
				t.Fatal(err)
			}
			c.close()
		}
	}
	come(5)
	nc, err := nats.Connect(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, _ := jetstream.New(nc)
	b, err := bus.Connect(t.Context(), bus.Config{URL: server.URL, Existing: true})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	var stream jetstream.Stream
	eventually(t, "ten events are published", func() bool {
		stream, err = js.Stream(t.Context(), "RC_PUBLIC")
		return err == nil && stream.CachedInfo().State.LastSeq >= 10
	})
	if err := stream.Purge(t.Context(), jetstream.WithPurgeSequence(8)); err != nil {
		t.Fatal(err)
	}
	rollcall := func(args ...string) (stdout, stderr string) {
		var out, said strings.Builder
		cmd := exec.Command("rollcall", append(args, "--nats", server.URL)...)
		cmd.Stdout, cmd.Stderr = &out, &said
		if err := cmd.Run(); err != nil {
			t.Fatalf("%v: %s", err, said.String())
		}
		return out.String(), said.String()
	}
	made, said := rollcall("feed", "add", "whole", "--from", "3", "--json")
	if want := `{"name":"whole","stream":"RC_PUBLIC","subjects":[],"from":8,"missing":{"after":2,"to":7}}`; strings.TrimSpace(made) != want {
		t.Errorf("it is %s", made)
	}
	if !strings.Contains(said, "the feed goes on at 8") || !strings.Contains(said, "/v1/events.ndjson?after=2&to=7'") {
		t.Errorf("it is said: %s", said)
	}
	come(5)
	token, _ := rollcall("token", "add", "reader")
	request, err := http.NewRequestWithContext(t.Context(), "GET", httpAddress.FindStringSubmatch(p.out.String())[1]+"/v1/events.ndjson?after=2&to=7", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+strings.TrimSpace(token))
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	next := uint64(3)
	lines := json.NewDecoder(answer.Body)
	for {
		var line json.RawMessage
		if err := lines.Decode(&line); err != nil {
			t.Fatal(err)
		}
		if string(line) == `{"position":7}` {
			break
		}
		if seq := sequenceOf(t, line); seq != next {
			t.Fatalf("the download has %d, not %d", seq, next)
		}
		next++
	}
	c, err := stream.Consumer(t.Context(), "whole")
	if err != nil {
		t.Fatal(err)
	}
	for next <= 20 {
		m, err := c.Next(jetstream.FetchMaxWait(patience))
		if err != nil {
			t.Fatal(err)
		}
		if seq := sequenceOf(t, m.Data()); seq != next {
			t.Fatalf("the feed has %d, not %d", seq, next)
		}
		next++
		if err := m.DoubleAck(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "metrics tell how far its reader is", func() bool {
		all := p.scrape(t)
		_, told := all[`rollcall_feed_pending{feed="whole"}`]
		return told && all[`rollcall_feed_ack_floor{feed="whole"}`] >= 20
	})
}

// Programs on NATS ask what those over HTTP ask, and find out what there is to ask.
func TestTheAPIIsAServiceOnNATSToo(t *testing.T) {
	t.Parallel()
	server := bustest.StartServer(t)
	for _, name := range []string{"a", "b"} { // which share what is asked
		connectorProcess(t, t.TempDir(), name, "--demo", "--nats", server.URL, "--http", "127.0.0.1:0")
	}
	out, err := exec.Command("rollcall", "token", "add", "reader", "--nats", server.URL).Output()
	if err != nil {
		t.Fatal(err)
	}
	nc, err := nats.Connect(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	ask := func(subject, token, parameters string) *nats.Msg {
		t.Helper()
		answer, err := nc.RequestMsg(&nats.Msg{
			Subject: subject, Header: nats.Header{"Authorization": {"Bearer " + token}}, Data: []byte(parameters),
		}, patience)
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
	token := strings.TrimSpace(string(out))
	eventually(t, "the token is known", func() bool {
		return ask("rc.v1.api.events.read", token, "").Header.Get("Nats-Service-Error-Code") == ""
	})
	var page struct {
		Items []struct{ Type string }
		Next  struct{ After int }
	}
	answer := ask("rc.v1.api.events.read", token, `{"limit": 2, "type": "account_created"}`)
	if err := json.Unmarshal(answer.Data, &page); err != nil || len(page.Items) != 2 || page.Next.After != 2 || page.Items[1].Type != "rollcall.account.account_created.v1" {
		t.Errorf("%v: %s", err, answer.Data)
	}
	answer = ask("rc.v1.api.account.history", "rct_wrong", `{"jid": "alice@localhost"}`)
	if h := answer.Header; h.Get("Nats-Service-Error-Code") != "401" || !strings.Contains(h.Get("Nats-Service-Error"), "not known here") {
		t.Errorf("%v: %s", h, answer.Data)
	}
	info := ask("$SRV.INFO.rollcall", "", "")
	for _, name := range []string{"rc.v1.api.events.read", "rc.v1.api.sessions.list", "rc.v1.api.account.history"} {
		if !strings.Contains(string(info.Data), name) {
			t.Errorf("%s is not in %s", name, info.Data)
		}
	}
}
