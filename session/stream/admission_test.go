package stream_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"github.com/rollcall-xmpp/rollcall/session/stream"
)

func TestAnAddressThatHasTooManyConnectionsKeepsNoOtherOut(t *testing.T) {
	few := func(c *stream.Config) { c.MaxPerAddress = 2 }
	for _, tt := range []struct{ name, full, same, other string }{
		{"IPv4", "192.0.2.1", "192.0.2.1", "192.0.2.2"},
		{"IPv4 in IPv6", "192.0.2.1", "::ffff:192.0.2.1", "192.0.2.2"},
		{"a network of IPv6", "2001:db8::1", "2001:db8::2:3:4:5", "2001:db8:0:1::1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			alone(t, few, func(t *testing.T, w *world) {
				u1 := w.connectFrom(at(tt.full))
				u2 := w.connectFrom(at(tt.same))
				if u1.isClosed() || u2.isClosed() || !w.connectFrom(at(tt.same)).isClosed() {
					t.Error("want two connections, and a third one refused")
				}
				if w.connectFrom(at(tt.other)).isClosed() {
					t.Error("another address was refused")
				}
				u1.drop()
				synctest.Wait()
				if w.connectFrom(at(tt.same)).isClosed() {
					t.Error("a connection was refused although another has ended")
				}
			})
		})
	}
}

func TestThisMachineMayOpenAnyNumberOfConnections(t *testing.T) {
	few := func(c *stream.Config) { c.MaxPerAddress, c.AttemptsPerAddress = 1, 1 }
	alone(t, few, func(t *testing.T, w *world) {
		for i := range 30 {
			ip := []string{"127.0.0.1", "::1"}[i%2]
			if w.connectFrom(at(ip)).isClosed() {
				t.Fatalf("connection %d from %s was refused", i, ip)
			}
		}
	})
}

func TestAnAddressThatConnectsTooOftenWaitsAndNoOther(t *testing.T) {
	slow := func(c *stream.Config) { c.AttemptsPerAddress = 2 }
	alone(t, slow, func(t *testing.T, w *world) {
		attempt := func() bool {
			c := w.connectFrom(at("192.0.2.1"))
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
		w.login().mustLive(t)
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

func TestClientsOfAProxyCountAtTheirOwnAddresses(t *testing.T) {
	t.Parallel()
	_, url := openWeb(t, func(c *stream.Config) { c.MaxPerAddress = 1 })
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

func TestAConnectionBeyondTheLimitIsClosedAtOnce(t *testing.T) {
	few := func(c *stream.Config) { c.MaxConnections = 2 }
	alone(t, few, func(t *testing.T, w *world) {
		u1, u2 := w.connect(), w.connect()
		if u1.isClosed() || u2.isClosed() || !w.connect().isClosed() {
			t.Error("want two connections, and a third one refused")
		}
		u2.drop()
		synctest.Wait()
		if got := w.server.Connections(); got != 1 {
			t.Errorf("%d connections, want 1", got)
		}
		if w.connect().isClosed() {
			t.Error("a connection was refused although another has ended")
		}
	})
}

func TestWhoeverHoldsConnectionsWithoutLoggingInKeepsNobodyOut(t *testing.T) {
	few := func(c *stream.Config) { c.MaxUnbound = 2 }
	alone(t, few, func(t *testing.T, w *world) {
		a := w.login()
		var idle []*peer
		for i := range 5 {
			idle = append(idle, w.connect())
			idle[i].open()
		}
		b := w.login()
		for i, c := range idle {
			if want := i < 4; c.isClosed() != want {
				t.Errorf("connection %d closed: %v, want the oldest to make room", i, !want)
			}
		}
		a.mustLive(t)
		b.mustLive(t)
		if got := w.server.Connections(); got != 3 {
			t.Errorf("%d connections, want the two that are bound and one more", got)
		}
	})
}
