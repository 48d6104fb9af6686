package stream_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-xmpp/rollcall/session/stream"
)

// White space between stanzas is not one, and costs no less.
func TestAFloodOfWhiteSpaceEndsItsStreamAndNoOther(t *testing.T) {
	slow := func(c *stream.Config) { c.Rate, c.Burst = 1000, 4000 }
	alone(t, slow, func(t *testing.T, w *world) {
		a, b := w.login(), w.login()
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
				a, c := w.login(), w.connect()
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

func TestALoginThatTakesTooLongEnds(t *testing.T) {
	alone(t, nil, func(t *testing.T, w *world) {
		a, silent, c := w.login(), w.connect(), w.connect()
		for _, b := range []byte(header) {
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

// Here a little that is sent makes much to read.
func TestAStrangerThatDoesNotReadIsEnded(t *testing.T) {
	alone(t, nil, func(t *testing.T, w *world) {
		a, c := w.login(), w.connect()
		c.open()
		synctest.Wait()
		goOn := c.stall()
		c.send(strings.Repeat("<much>of it</much>", 900))
		<-time.After(10 * time.Second)
		goOn()
		if got := c.answers(); !strings.HasSuffix(got, "(closed)") || strings.Count(got, "<much") > 200 {
			t.Errorf("it was sent %d answers, closed: %v", strings.Count(got, "<much"), strings.HasSuffix(got, "(closed)"))
		}
		a.mustLive(t)
	})
}
