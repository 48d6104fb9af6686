package main

import (
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	guessers = "203.0.113.5" // an address
	home     = "192.0.2.7"
)

// told guesses a password until nothing is told of it any longer, which takes 10 s, and
// says how often something was.
func (p *process) told(t *testing.T, from, user string) (n int) {
	t.Helper()
	for {
		c, err := p.proxied(from, user, "wrong", "x")
		switch {
		case err == nil:
			c.close()
			t.Fatalf("%s is let in", user)
		case strings.Contains(err.Error(), "too many failures"):
			return n
		case !strings.Contains(err.Error(), "not-authorized"):
			t.Fatal(err)
		}
		n++
	}
}

// letsIn reports that the right password is answered at once.
func (p *process) letsIn(t *testing.T, from, user string) bool {
	t.Helper()
	begun := time.Now()
	c, err := p.proxied(from, user, user, "x")
	if err != nil {
		t.Log(err)
		return false
	}
	c.close()
	return time.Since(begun) < 8*time.Second
}

// What one connector has seen, another knows, and itself when it has been started again:
// a guesser is no further there, and an owner is at home.
func TestConnectorsKnowOfEachOthersGuessesAndLogins(t *testing.T) {
	t.Parallel()
	dir, proxy := t.TempDir(), []string{"--trusted-proxy", "127.0.0.1/32"}
	first := connectorProcess(t, dir, "a", append(proxy, "--nats-listen", "127.0.0.1:0", "--demo")...)
	second := connectorProcess(t, dir, "b", append(proxy, "--roles", "connector", "--nats", first.nats())...)
	if !first.letsIn(t, home, "alice") {
		t.Fatal("alice is refused")
	}
	var each sync.WaitGroup
	for _, of := range []struct{ from, user string }{{guessers, "bob"}, {home, "alice"}} {
		each.Go(func() {
			if n := first.told(t, of.from, of.user); n != 5 {
				t.Errorf("%d guesses at %s were answered, want 5", n, of.user)
			}
		})
	}
	each.Wait() // 10 s; what was recorded before is known everywhere by now
	again := func(p *process, where string) {
		for _, of := range []struct{ from, user string }{{guessers, "bob"}, {home, "alice"}} {
			each.Go(func() {
				if n := p.told(t, of.from, of.user); n > 1 { // 1 a minute
					t.Errorf("%s %d guesses more at %s were answered", where, n, of.user)
				}
			})
		}
		each.Wait()
		if !p.letsIn(t, home, "alice") {
			t.Errorf("%s alice is refused at home", where)
		}
		if p.letsIn(t, guessers, "bob") {
			t.Errorf("%s bob is let in where he has never been", where)
		}
	}
	again(second, "at another connector")
	second.cmd.Process.Kill()
	<-second.ended
	again(connectorProcess(t, dir, "b", append(proxy, "--roles", "connector", "--nats", first.nats())...), "after a restart")
}
