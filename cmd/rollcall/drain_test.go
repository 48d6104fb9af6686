package main

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// A traveller is a client that logs in where it can, again and again, and notes down what it gets.
type traveller struct {
	name    string
	managed bool // it acknowledges what it gets

	mu   sync.Mutex
	got  map[string]bool // guarded; ids of messages
	gone time.Time       // guarded; when it was sent away
	said string          // guarded; its first stream's end
	at   string          // guarded; where it is
	conn *client         // guarded
	over bool            // guarded
}

// live goes from one connector to the next until it is told to stop.
func (g *traveller) live(addresses []string) {
	for n := 0; ; n++ {
		address := addresses[n%len(addresses)]
		c, err := dialXMPP(address, "localhost", g.name, g.name, "r")
		g.mu.Lock()
		if g.over {
			g.mu.Unlock()
			if err == nil {
				c.close()
			}
			return
		}
		if err != nil {
			g.mu.Unlock()
			<-time.After(20 * time.Millisecond)
			continue
		}
		g.at, g.conn = address, c
		g.mu.Unlock()
		g.stay(c)
		c.close()
	}
}

// stay reads until the stream ends.
func (g *traveller) stay(c *client) {
	hello := "<presence/>"
	if g.managed {
		hello = "<enable xmlns='urn:xmpp:sm:3' resume='true'/>" + hello
	}
	fmt.Fprint(c.nc, hello)
	for handled := 0; ; {
		el, err := c.reader.Next()
		g.mu.Lock()
		switch {
		case err != nil:
			if g.gone.IsZero() {
				g.gone = time.Now()
			}
			g.mu.Unlock()
			return
		case el.Is(stanza.NSClient, "message"):
			g.got[el.Attr("id")] = true
			handled++
		case el.Is(stanza.NSClient, "presence"), el.Is(stanza.NSClient, "iq"):
			handled++
		case el.Local() == "enabled":
			handled = 0
		case el.Local() == "r":
			fmt.Fprintf(c.nc, "<a xmlns='urn:xmpp:sm:3' h='%d'/>", handled)
		case el.Local() == "error" && g.said == "":
			g.said = string(el.Raw())
		}
		g.mu.Unlock()
	}
}

// has reads what is noted down.
func (g *traveller) has() (messages int, at string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.got), g.at
}

func (g *traveller) stop() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.over = true
	if g.conn != nil {
		g.conn.close()
	}
}

// TestADrainMovesAllClientsAndLosesNothing is an update of one node of two while people write to
// each other: every client comes to the other connector, at its turn, and gets every message,
// whether it manages its stream or not.
func TestADrainMovesAllClientsAndLosesNothing(t *testing.T) {
	t.Parallel()
	const clients, messages, over = 40, 30, 4 * time.Second
	dir := t.TempDir()
	stays := connectorProcess(t, dir, "a", "--nats-listen", "127.0.0.1:0")
	nats := natsAddress.FindStringSubmatch(stays.out.String())[1]
	goes := connectorProcess(t, dir, "b", "--nats", nats)
	names := []string{"alice"}
	for i := range clients {
		names = append(names, fmt.Sprintf("user%d", i))
	}
	importUsers(t, dir, nats, names...)
	var travellers []*traveller
	var running sync.WaitGroup
	for i, name := range names[1:] {
		g := &traveller{name: name, managed: i%2 == 0, got: map[string]bool{}}
		travellers = append(travellers, g)
		running.Go(func() { g.live([]string{goes.xmpp(), stays.xmpp()}) })
	}
	t.Cleanup(func() {
		for _, g := range travellers {
			g.stop()
		}
		running.Wait()
	})
	eventually(t, "all are there", func() bool { return holdsNow(t, nats, "b").Sessions == clients })

	alice, err := dialXMPP(stays.xmpp(), "localhost", "alice", "alice", "a")
	if err != nil {
		t.Fatal(err)
	}
	defer alice.close()
	running.Go(func() { // from before the drain until after it
		for n := range messages {
			for _, g := range travellers {
				fmt.Fprintf(alice.nc, "<message type='chat' to='%s@localhost' id='%d'><body>hi</body></message>", g.name, n)
			}
			<-time.After((over + time.Second) / messages)
		}
	})
	said, err := exec.Command("rollcall", "drain", "b", "--for", over.String(), "--json", "--nats", nats).CombinedOutput()
	if err != nil || !strings.Contains(string(said), `"sessions":0`) {
		t.Fatalf("%v: %s", err, said)
	}
	eventually(t, "each has every message", func() bool {
		return !slices.ContainsFunc(travellers, func(g *traveller) bool { n, _ := g.has(); return n < messages })
	})
	eventually(t, "all are at the other connector", func() bool { return holdsNow(t, nats, "a").Sessions == clients+1 })
	if b := holdsNow(t, nats, "b"); b.Sessions != 0 || b.Drain == nil || b.Drain.Sessions != clients {
		t.Errorf("the drained one has %d sessions: %+v", b.Sessions, b.Drain)
	}
	wentEvenly(t, travellers, over)
}

// wentEvenly checks that the clients were told why, and were sent away evenly: from the first to
// the last of them it took nearly all of the time, and half of them went in about half of it.
func wentEvenly(t *testing.T, travellers []*traveller, over time.Duration) {
	t.Helper()
	var times []time.Time
	for _, g := range travellers {
		g.mu.Lock()
		if !strings.Contains(g.said, "system-shutdown") {
			t.Errorf("%s is told %q", g.name, g.said)
		}
		times = append(times, g.gone)
		g.mu.Unlock()
	}
	slices.SortFunc(times, time.Time.Compare)
	if took := times[len(times)-1].Sub(times[0]); took < over*3/4 {
		t.Errorf("all went within %s of %s", took, over)
	}
	if half := times[len(times)/2].Sub(times[0]); half < over/4 || half > over*3/4 {
		t.Errorf("half of them went within %s of %s", half, over)
	}
}

// holdsNow is what a connector has.
func holdsNow(t *testing.T, nats, name string) (is ask.Connector) {
	t.Helper()
	said, err := exec.Command("rollcall", "connectors", "--json", "--nats", nats).Output()
	if err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	for line := range strings.Lines(string(said)) {
		var c ask.Connector
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatal(err)
		}
		if c.Name == name {
			is = c
		}
	}
	return is
}
