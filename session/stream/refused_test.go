package stream_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/coder/websocket"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
	"github.com/rollcall-xmpp/rollcall/session/stream"
)

// A refusal is of one network, which changes.
type refusal struct{ network atomic.Pointer[netip.Prefix] }

func (r *refusal) of(network string) {
	p := netip.MustParsePrefix(network)
	r.network.Store(&p)
}

func (r *refusal) tune(c *stream.Config) {
	c.Refused = func(ip netip.Addr) bool {
		p := r.network.Load()
		return p != nil && p.Contains(ip)
	}
}

// refused is how those end that are there.
func refused(ip netip.Addr) stream.Ending {
	return stream.Ending{
		Err:    &stanza.StreamError{Condition: stanza.StreamPolicyViolation, Text: "not from " + ip.String()},
		Reason: events.ReasonBanned,
	}
}

func TestNobodyConnectsFromAnAddressThatIsRefused(t *testing.T) {
	var r refusal
	alone(t, r.tune, func(t *testing.T, w *world) {
		r.of("192.0.2.0/24")
		for ip, want := range map[string]bool{"192.0.2.1": true, "::ffff:192.0.2.9": true, "192.0.3.1": false, "2001:db8::1": false} {
			c := w.connectFrom(at(ip))
			c.open()
			if got := c.answers(); (got == "(closed)") != want {
				t.Errorf("%s is answered %q", ip, got)
			}
		}
		if got := w.server.Stats().Limits[stream.LimitBanned]; got != 2 {
			t.Errorf("%d refusals are counted", got)
		}
		r.of("127.0.0.0/8") // by force: this machine has no limits, but no privilege either
		if !w.connectFrom(at("127.0.0.1")).isClosed() {
			t.Error("this machine is let in")
		}
	})
}

func TestThoseWhoAreThereEndWhenTheirAddressIsRefused(t *testing.T) {
	var r refusal
	alone(t, r.tune, func(t *testing.T, w *world) {
		in := w.connectFrom(at("192.0.2.1"))
		in.open()
		in.send("<login/>")
		opened, silent, other := w.connectFrom(at("192.0.2.2")), w.connectFrom(at("192.0.2.3")), w.login()
		opened.open()
		r.of("192.0.2.0/24")
		w.server.EndRefused(refused)
		synctest.Wait()
		in.mustEnd(t, "policy-violation")
		opened.mustEnd(t, "policy-violation")
		if got := silent.answers(); got != "(closed)" {
			t.Errorf("one that has said nothing is told %q", got)
		}
		other.mustLive(t)
	})
}

func TestBehindAProxyTheClientsAddressIsRefused(t *testing.T) {
	var r refusal
	tune := func(c *stream.Config) {
		r.tune(c)
		behind("10.0.0.0/8")(c)
	}
	alone(t, tune, func(t *testing.T, w *world) {
		there := w.by("10.1.2.3", "PROXY TCP4 192.0.2.1 198.51.100.1 50000 5222\r\n")
		there.open()
		synctest.Wait()
		r.of("192.0.2.0/24")
		w.server.EndRefused(refused)
		synctest.Wait()
		there.mustEnd(t, "policy-violation")
		for header, want := range map[string]bool{
			"PROXY TCP4 192.0.2.1 198.51.100.1 50000 5222\r\n": true, "PROXY TCP4 192.0.3.1 198.51.100.1 50000 5222\r\n": false,
		} {
			if c := w.by("10.1.2.3", header); c.isClosed() != want {
				t.Errorf("%q: closed %t", header, !want)
			}
		}
		r.of("10.0.0.0/8")
		w.server.EndRefused(refused)
		if w.by("10.1.2.3", "PROXY TCP4 192.0.4.1 198.51.100.1 50000 5222\r\n").isClosed() {
			t.Error("a client was refused because of its proxy's address")
		}
	})
}

func TestAWebSocketOfARefusedAddressIsForbidden(t *testing.T) {
	t.Parallel()
	var r refusal
	_, url := openWeb(t, r.tune)
	r.of("192.0.2.0/24")
	for address, want := range map[string]int{"192.0.2.1": http.StatusForbidden, "192.0.3.1": http.StatusSwitchingProtocols} {
		ws, resp, err := websocket.Dial(t.Context(), url, &websocket.DialOptions{
			Subprotocols: []string{"xmpp"}, HTTPHeader: http.Header{"X-Forwarded-For": {address}},
		})
		if resp == nil || resp.StatusCode != want {
			t.Errorf("%s: %v, %v, want %d", address, resp, err, want)
		}
		if ws != nil {
			defer ws.CloseNow()
		}
	}
}

// Whoever connects in the moment in which the address comes to be refused is refused, or is
// ended.
func TestNobodySlipsInWhileAnAddressComesToBeRefused(t *testing.T) {
	var r refusal
	alone(t, r.tune, func(t *testing.T, w *world) {
		for round := range 50 {
			network := fmt.Sprintf("192.0.%d.0/24", round)
			peers := make([]*peer, 8)
			var all sync.WaitGroup
			for i := range peers {
				all.Go(func() { peers[i] = w.connectFrom(at(fmt.Sprintf("192.0.%d.1", round))) })
				if i == len(peers)/2 {
					all.Go(func() {
						r.of(network)
						w.server.EndRefused(refused)
					})
				}
			}
			all.Wait()
			synctest.Wait()
			for i, c := range peers {
				if !c.isClosed() {
					t.Errorf("round %d: peer %d is in", round, i)
				}
			}
		}
	})
}
