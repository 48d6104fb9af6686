package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

var closedForOther = regexp.MustCompile("closed the sessions of a lost connector")

// A process that was frozen for longer than its lease goes on where it was, and
// finds what came meanwhile. Others have taken it for dead and sent that
// elsewhere: handed out, too, it would come twice.
func TestAConnectorThatWasFrozenHandsOutNothingThatOthersHave(t *testing.T) {
	t.Parallel()
	const messages = 50
	ps := twoConnectors(t, "--lease", "6s")
	alice, bob := visitor(t, ps[0], "alice"), visitor(t, ps[1], "bob")
	ps[1].freeze(t)
	for i := range messages {
		fmt.Fprintf(alice.nc, "<message type='chat' to='bob@localhost' id='%d'><body>hi</body></message>", i)
	}
	if !ps[0].says(&ps[0].err, closedForOther) {
		t.Fatalf("the frozen connector's sessions are not closed:\n%s", ps[0].err.String())
	}
	ps[1].cmd.Process.Signal(syscall.SIGCONT)
	if n := messagesTo(bob, messages); n > 0 {
		t.Errorf("the connector handed out %d messages after its lease", n)
	}
	again := connected(t, ps[0], "bob")
	fmt.Fprint(again.nc, "<presence/>") // what waits may come before the answer
	n := messagesTo(again, messages)
	fmt.Fprint(again.nc, "</stream:stream>")
	if n += messagesTo(again, messages); n != messages {
		t.Errorf("bob got %d messages of %d", n, messages)
	}
}

// connected logs in.
func connected(t *testing.T, p *process, user string) *client {
	t.Helper()
	c, err := dialXMPP(p.xmpp(), "localhost", user, user, "r")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.close)
	return c
}

// visitor logs in and becomes available.
func visitor(t *testing.T, p *process, user string) *client {
	t.Helper()
	c := connected(t, p, user)
	if _, err := c.ask("<presence/>", "presence"); err != nil {
		t.Fatal(err)
	}
	return c
}

// freeze stops the process without ending it, and waits until all of its threads
// have stopped: until then one of them may hand out a message as it should.
func (p *process) freeze(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	threads := fmt.Sprintf("/proc/%d/task/*/stat", p.cmd.Process.Pid)
	for end := time.Now().Add(patience); !allStopped(t, threads); <-time.After(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the process does not stop")
		}
	}
}

func allStopped(t *testing.T, threads string) bool {
	t.Helper()
	stats, err := filepath.Glob(threads)
	if err != nil || len(stats) == 0 {
		t.Fatalf("%s: %v", threads, err)
	}
	for _, stat := range stats {
		if said, err := os.ReadFile(stat); err == nil && !strings.Contains(string(said), ") T ") {
			return false
		}
	}
	return true
}

// messagesTo reads so many messages, or fewer if the stream ends.
func messagesTo(c *client, most int) (n int) {
	for n < most {
		el, err := c.reader.Next()
		if err != nil {
			break
		}
		if el.Is(stanza.NSClient, "message") {
			n++
		}
	}
	return n
}
