package c2s_test

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"
)

// at is a client that comes from an address.
func at(ip string) *client {
	return &client{address: &net.TCPAddr{IP: net.ParseIP(ip), Port: 40_000}}
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
