package stream_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/stream"
)

func TestConnectionsAreCountedWithTheirEnds(t *testing.T) {
	alone(t, nil, func(t *testing.T, w *world) {
		stays, lost := w.login(), w.login()
		closes := w.connect()
		closes.open()
		closes.send("</stream:stream>")
		lost.drop()
		synctest.Wait()
		y := w.server.Stats()
		if y.Accepted[stream.TCP] != 3 || y.Open[stream.TCP] != 1 || y.Accepted[stream.HTTP] != 0 {
			t.Errorf("accepted %v, open %v", y.Accepted, y.Open)
		}
		for reason, n := range y.Ended {
			if want := reason == events.ReasonClient || reason == events.ReasonConnectionLost; (n == 1) != want {
				t.Errorf("%d ended for %q", n, reason)
			}
		}
		stays.mustLive(t)
	})
}

func TestALimitIsCountedEachTimeItIsMet(t *testing.T) {
	few := func(c *stream.Config) { c.MaxConnections, c.MaxUnbound, c.MaxPerAddress = 4, 2, 1 }
	alone(t, few, func(t *testing.T, w *world) {
		w.login()
		w.login()
		w.connectFrom(at("192.0.2.1"))
		for range 2 {
			w.connectFrom(at("192.0.2.1"))
		}
		w.connect()
		for range 3 {
			w.connect()
		}
		synctest.Wait()
		y := w.server.Stats()
		for l, n := range y.Limits {
			want := map[stream.Limit]uint64{stream.LimitAddress: 2, stream.LimitConnections: 3}[l]
			if n != want {
				t.Errorf("%s: %d, want %d", l, n, want)
			}
		}
	})
}

func TestAPeerThatSendsTooMuchIsCounted(t *testing.T) {
	slow := func(c *stream.Config) { c.Rate, c.Burst = 1000, 10_000 }
	alone(t, slow, func(t *testing.T, w *world) {
		p := w.login()
		for range 20 {
			p.send("<message>" + strings.Repeat(" ", 1000) + "</message>")
		}
		p.mustEnd(t, "policy-violation")
		if n := w.server.Stats().Limits[stream.LimitRate]; n != 1 {
			t.Errorf("%d", n)
		}
	})
}
