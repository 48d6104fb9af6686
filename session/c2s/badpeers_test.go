package c2s_test

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"rollcall/session/c2s"
)

// at is a client that comes from an address.
func at(ip string) *client {
	return &client{address: &net.TCPAddr{IP: net.ParseIP(ip), Port: 40_000}}
}

func TestAnAddressThatHasTooManyConnectionsKeepsNoOtherOut(t *testing.T) {
	few := func(c *c2s.Config) { c.MaxPerAddress = 2 }
	for _, tt := range []struct{ name, full, same, other string }{
		{"IPv4", "192.0.2.1", "192.0.2.1", "192.0.2.2"},
		{"IPv4 in IPv6", "192.0.2.1", "::ffff:192.0.2.1", "192.0.2.2"},
		{"a network of IPv6", "2001:db8::1", "2001:db8::2:3:4:5", "2001:db8:0:1::1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			alone(t, few, func(t *testing.T, w *world) {
				n := w.nodes[0]
				u1 := n.connectFrom(at(tt.full), "u1")
				u2 := n.connectFrom(at(tt.same), "u2")
				if u1.isClosed() || u2.isClosed() || !n.connectFrom(at(tt.same), "u3").isClosed() {
					t.Error("want two connections, and a third one refused")
				}
				if n.connectFrom(at(tt.other), "u4").isClosed() {
					t.Error("another address was refused")
				}
				u1.drop()
				synctest.Wait()
				if n.connectFrom(at(tt.same), "u5").isClosed() {
					t.Error("a connection was refused although another has ended")
				}
			})
		})
	}
}

func TestThisMachineMayOpenAnyNumberOfConnections(t *testing.T) {
	few := func(c *c2s.Config) { c.MaxPerAddress, c.AttemptsPerAddress = 1, 1 }
	alone(t, few, func(t *testing.T, w *world) {
		for i := range 30 {
			ip := []string{"127.0.0.1", "::1"}[i%2]
			if w.nodes[0].connectFrom(at(ip), "local").isClosed() {
				t.Fatalf("connection %d from %s was refused", i, ip)
			}
		}
	})
}

func TestAnAddressThatConnectsTooOftenWaitsAndNoOther(t *testing.T) {
	slow := func(c *c2s.Config) { c.AttemptsPerAddress = 2 }
	alone(t, slow, func(t *testing.T, w *world) {
		n := w.nodes[0]
		attempt := func() bool {
			c := n.connectFrom(at("192.0.2.1"), "u")
			defer c.drop()
			return !c.isClosed()
		}
		attempts := func(times int) (admitted int) {
			for range times {
				if attempt() {
					admitted++
				}
			}
			return admitted
		}
		if got := attempts(60); got != 40 {
			t.Errorf("%d of 60 attempts were let in at once, want 40", got)
		}
		w.login("alice", "a").mustLive(t)
		<-time.After(time.Second)
		if got := attempts(10); got != 2 {
			t.Errorf("%d attempts were let in a second later, want 2", got)
		}
		<-time.After(time.Minute)
		if got := attempts(60); got != 40 {
			t.Errorf("%d of 60 attempts were let in when it had kept quiet, want 40", got)
		}
	})
}

// What is between stanzas is none, and costs no less.
func TestAFloodOfWhiteSpaceEndsItsStreamAndNoOther(t *testing.T) {
	slow := func(c *c2s.Config) { c.Rate, c.Burst = 1000, 4000 }
	alone(t, slow, func(t *testing.T, w *world) {
		a, b := w.login("alice", "a"), w.login("bob", "b")
		a.send(strings.Repeat(" ", 2000))
		a.mustLive(t)
		for range 5 {
			a.send(strings.Repeat("\n", 1000))
		}
		a.mustEnd(t, "policy-violation")
		b.mustLive(t)
	})
}

func TestAStrangerMaySendLittle(t *testing.T) {
	for _, tt := range []struct{ name, sent string }{
		{"an element", "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>" + strings.Repeat("x", 8<<10)},
		{"elements in one", "<iq>" + strings.Repeat("<a/>", 128)},
		{"depth", strings.Repeat("<a>", 65)},
		{"attributes", "<a" + manyAttributes(65) + "/>"},
		{"a name", "<" + strings.Repeat("a", 257)},
		{"white space", strings.Repeat(" ", 66<<10)},
		{"elements", strings.Repeat("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-1'>biwsbj1hbGljZSxyPWFiYw==</auth>", 700)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			alone(t, nil, func(t *testing.T, w *world) {
				a, c := w.login("alice", "a"), w.nodes[0].connect("stranger")
				c.open()
				c.send(tt.sent)
				c.mustEnd(t, "policy-violation")
				a.mustLive(t)
			})
		})
	}
}

func manyAttributes(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, " a%d=''", i)
	}
	return b.String()
}

func TestWhatIsNotUTF8EndsItsStreamAndNoOther(t *testing.T) {
	alone(t, nil, func(t *testing.T, w *world) {
		a, b := w.login("alice", "a"), w.login("bob", "b", "<presence/>")
		a.send("<message to='bob@localhost'><body>\xc0\xaf</body></message>")
		a.mustEnd(t, "unsupported-encoding")
		if got := b.answers(); got != "" {
			t.Errorf("bob was sent %q", got)
		}
		b.mustLive(t)
	})
}

func TestALoginThatTakesTooLongEnds(t *testing.T) {
	alone(t, nil, func(t *testing.T, w *world) {
		a, silent, c := w.login("alice", "a"), w.nodes[0].connect("silent"), w.nodes[0].connect("slow")
		for _, b := range []byte("<stream:stream to='localhost' version='1.0' xmlns='jabber:client' xmlns:stream='" + nsStreams + "'>") {
			c.send(string(b)) // one byte at a time
			<-time.After(100 * time.Millisecond)
		}
		<-time.After(50 * time.Second)
		if !silent.isClosed() {
			t.Error("a connection on which nothing was said is still open")
		}
		c.mustEnd(t, "connection-timeout")
		a.mustLive(t)
	})
}

func TestChangesOfPresenceBeyondABurstWaitAndTheLastOneStays(t *testing.T) {
	alone(t, nil, func(t *testing.T, w *world) {
		w.watch("carol", "bob")
		a, b, c := w.login("alice", "a"), w.login("bob", "b"), w.login("carol", "c", "<presence/>")
		go func() {
			for i := range 90 {
				b.send(fmt.Sprintf("<presence><status>%d</status></presence>", i))
			}
		}()
		if got := strings.Count(c.answers(), "<status>"); got != 60 {
			t.Errorf("carol was sent %d changes at once, want 60", got)
		}
		<-time.After(10500 * time.Millisecond)
		if got := strings.Count(c.answers(), "<status>"); got != 10 {
			t.Errorf("carol was sent %d changes in 10 s, want 10", got)
		}
		a.mustLive(t)
		<-time.After(20 * time.Second)
		if got := c.answers(); !strings.Contains(got, "<status>89</status>") {
			t.Errorf("carol was sent %s, want the last change of all", got)
		}
		b.mustLive(t)
	})
}

func TestChangesOfRostersBeyondABurstWait(t *testing.T) {
	alone(t, nil, func(t *testing.T, w *world) {
		a, b := w.login("alice", "a"), w.login("bob", "b")
		go func() {
			for i := range 1050 {
				a.send(fmt.Sprintf("<iq type='set' id='r'><query xmlns='jabber:iq:roster'><item jid='c%d@localhost'/></query></iq>", i%10))
			}
		}()
		count := func() int { return strings.Count(a.answers(), "type='result'") }
		if got := count(); got != 1000 {
			t.Errorf("%d changes were made at once, want 1000", got)
		}
		b.mustLive(t)
		<-time.After(1010 * time.Millisecond)
		if got := count(); got != 20 {
			t.Errorf("%d changes were made in a second, want 20", got)
		}
		<-time.After(time.Minute)
		a.mustLive(t)
	})
}

// Here a little that is sent makes much to read.
func TestAStrangerThatDoesNotReadIsEnded(t *testing.T) {
	open := func(c *c2s.Config) { c.Registry = c.Accounts.(*accounts) }
	alone(t, open, func(t *testing.T, w *world) {
		a, c := w.login("alice", "a"), w.nodes[0].connect("stranger")
		c.open()
		synctest.Wait()
		goOn := c.stall()
		c.send(strings.Repeat("<iq type='get' id='1'><query xmlns='jabber:iq:register'/></iq>", 900))
		<-time.After(10 * time.Second)
		goOn()
		if got := c.answers(); !strings.HasSuffix(got, "(closed)") || strings.Count(got, "<iq") > 200 {
			t.Errorf("it was sent %d answers, closed: %v", strings.Count(got, "<iq"), strings.HasSuffix(got, "(closed)"))
		}
		a.mustLive(t)
	})
}

func TestClientsOfAProxyCountAtTheirOwnAddresses(t *testing.T) {
	t.Parallel()
	_, url := openWeb(t, func(c *c2s.Config) { c.MaxPerAddress = 1 })
	for _, tt := range []struct {
		address string
		status  int
	}{
		{"192.0.2.1", http.StatusSwitchingProtocols},
		{"192.0.2.1", http.StatusTooManyRequests},
		{"192.0.2.2", http.StatusSwitchingProtocols},
		{"2001:db8::1", http.StatusSwitchingProtocols},
		{"2001:db8::2", http.StatusTooManyRequests},
	} {
		ws, resp, err := websocket.Dial(t.Context(), url, &websocket.DialOptions{
			Subprotocols: []string{"xmpp"}, HTTPHeader: http.Header{"X-Forwarded-For": {tt.address}},
		})
		if resp == nil || resp.StatusCode != tt.status {
			t.Errorf("%s: %v, %v, want %d", tt.address, resp, err, tt.status)
		}
		if ws != nil {
			defer ws.CloseNow()
		}
	}
}
