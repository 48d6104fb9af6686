package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/load"
	"github.com/rollcall-xmpp/rollcall/events"
)

var httpAddress = regexp.MustCompile(`HTTP +(http://[0-9.:]+)`)

// get asks a process and returns the status and the body.
func (p *process) get(t *testing.T, path string) (int, string) {
	t.Helper()
	answer, err := http.Get(httpAddress.FindStringSubmatch(p.out.String())[1] + path)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

// scrape reads all metrics, by name and labels.
func (p *process) scrape(t *testing.T) map[string]float64 {
	t.Helper()
	code, body := p.get(t, "/metrics")
	if code != http.StatusOK {
		t.Fatalf("%d: %s", code, body)
	}
	all := map[string]float64{}
	for line := range strings.Lines(body) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "} ")
		if !strings.HasPrefix(line, "rollcall_") {
			continue
		}
		if strings.Contains(line, "{") {
			name += "}"
		} else {
			name, value, _ = strings.Cut(strings.TrimSpace(line), " ")
		}
		v, err := strconv.ParseFloat(value, 64)
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		all[name] = v
	}
	return all
}

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	timeout := time.After(patience)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-timeout:
			t.Fatalf("never: %s", what)
		}
	}
}

// inLog counts what a log has, under the names that metrics give it.
func inLog(t *testing.T, url string) map[string]float64 {
	t.Helper()
	b, err := bus.Connect(t.Context(), existing(t, url))
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	all := map[string]float64{}
	add := func(format string, args ...any) { all["rollcall_"+fmt.Sprintf(format, args...)]++ }
	for st, err := range b.Log().Read(t.Context(), events.Range{}) {
		if err != nil {
			t.Fatal(err)
		}
		if st.Account() == events.Connectors || st.Session.IsZero() {
			continue
		}
		add(`events_total{type="%s"}`, st.Event.Kind())
		switch e := st.Event.(type) {
		case events.Authenticated:
			add(`logins_total{mechanism="%s",tls="%s"}`, e.Mechanism, e.TLS)
		case events.Closed:
			add(`sessions_closed_total{reason="%s"}`, e.Reason)
			add(`session_duration_seconds_count`)
		case events.PresenceAvailable:
			add(`presence_changes_total{kind="available"}`)
		}
	}
	return all
}

// Two connectors under load, with sessions that take each other's place, a kick by a tool
// that is no connector, and failed logins: what each has counted adds up to the log.
func TestTheSumOverAllConnectorsIsWhatTheLogHas(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := connectorProcess(t, dir, "a", "--nats-listen", "127.0.0.1:0", "--http", "127.0.0.1:0")
	nodes := []*process{first, connectorProcess(t, dir, "b", "--nats", first.nats(), "--http", "127.0.0.1:0")}
	small := load.DefaultLoad()
	small.Logins, small.Workers, small.Time = 20, 4, time.Second
	var names []string
	var list strings.Builder
	for i := range 20 {
		names = append(names, fmt.Sprintf("user%d", i))
		fmt.Fprintf(&list, "%s@localhost:pw\n", names[i])
	}
	importList(t, dir, first.nats(), list.String())
	server := &load.Server{
		Name: "it", Addrs: []string{nodes[0].xmpp(), nodes[1].xmpp()}, Domain: "localhost",
		Security: load.StartTLS, Mechanism: "SCRAM-SHA-256", Password: "pw",
	}
	for _, sc := range load.Scenarios() {
		if sc.Name == "login" || sc.Name == "churn" {
			if _, err := sc.Run(t.Context(), server, &small); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, n := range nodes { // the same full JID: the first session is replaced by the other connector
		if c, err := dialXMPP(n.xmpp(), "localhost", "user1", "pw", "same"); err != nil {
			t.Fatal(err)
		} else {
			defer c.close()
		}
	}
	for range 3 {
		if _, err := dialXMPP(nodes[1].xmpp(), "localhost", "user1", "wrong", "same"); err == nil {
			t.Fatal("a wrong password was taken")
		}
	}
	if out, err := exec.Command("rollcall", "kick", "user1@localhost", "--nats", first.nats()).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	want := inLog(t, first.nats())
	var sum map[string]float64
	eventually(t, "the sums are what the log has", func() bool {
		sum = map[string]float64{}
		for _, n := range nodes {
			for name, v := range n.scrape(t) {
				sum[name] += v
			}
		}
		want = inLog(t, first.nats())
		return agree(sum, want)
	})
	if want[`rollcall_sessions_closed_total{reason="kicked"}`] != 1 || want[`rollcall_sessions_closed_total{reason="replaced"}`] != 1 {
		t.Errorf("the log has %v", want)
	}
	if n := sum[`rollcall_auth_failures_total{condition="not-authorized",mechanism="PLAIN"}`]; n != 3 {
		t.Errorf("%v failures", n)
	}
	if n := sum[`rollcall_login_seconds_count{mechanism="SCRAM-SHA-256"}`]; n != want[`rollcall_logins_total{mechanism="SCRAM-SHA-256",tls="TLS 1.3"}`] {
		t.Errorf("%v times of logins", n)
	}
	for _, n := range nodes {
		namesNobody(t, n, names)
	}
}

// agree reports that the sums have each figure of the log, and no other of its kinds.
func agree(sum, log map[string]float64) bool {
	for name, v := range sum {
		for _, of := range []string{"events_total{", "logins_total{", "sessions_closed_total{", "session_duration_seconds_count", `presence_changes_total{kind="available"`} {
			if strings.HasPrefix(name, "rollcall_"+of) && v != log[name] {
				return false
			}
		}
	}
	for name := range maps.Keys(log) {
		if sum[name] != log[name] {
			return false
		}
	}
	return true
}

// namesNobody checks that metrics and health have no account and no address. A domain is
// nobody, where it tells of its certificate.
func namesNobody(t *testing.T, p *process, names []string) {
	t.Helper()
	for _, path := range []string{"/metrics", "/readyz", "/livez"} {
		_, body := p.get(t, path)
		body = strings.ReplaceAll(body, `{domain="localhost"}`, "")
		for _, word := range append(names, "@", "localhost", "127.0.0.1") {
			if strings.Contains(body, word) {
				t.Errorf("%s has %q", path, word)
			}
		}
	}
}

// A process that is cut off says so, shows no lag that it does not know, and is alive:
// a new start would mend nothing.
func TestAProcessThatIsCutOffIsNotReadyButAlive(t *testing.T) {
	t.Parallel()
	server := bustest.StartServer(t)
	p := connectorProcess(t, t.TempDir(), "a", "--nats", server.URL, "--http", "127.0.0.1:0", "--lease", "60s")
	state := func() string {
		_, body := p.get(t, "/readyz")
		var r struct{ State string }
		if err := json.Unmarshal([]byte(body), &r); err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		return r.State
	}
	lag := func() float64 { return p.scrape(t)[`rollcall_projection_lag_events{projection="table"}`] }
	eventually(t, "it is ready", func() bool { return state() == "ready" })
	if n := lag(); n != 0 {
		t.Errorf("ready with a lag of %v", n)
	}
	server.Freeze()
	eventually(t, "it is cut off", func() bool { return state() == "cut_off" })
	if code, _ := p.get(t, "/readyz"); code != http.StatusServiceUnavailable {
		t.Errorf("/readyz is %d", code)
	}
	if n := lag(); !math.IsNaN(n) {
		t.Errorf("cut off with a lag of %v", n)
	}
	if code, body := p.get(t, "/livez"); code != http.StatusOK {
		t.Errorf("/livez is %d: %s", code, body)
	}
	server.Thaw()
	eventually(t, "it is ready again", func() bool { return state() == "ready" })
}
