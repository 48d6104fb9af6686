package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// TestMessagesKeepTheirOrderWhileTheirRecipientComesAndGoes is the order of RFC
// 6120, 10.1 between two processes with JetStream behind them: alice writes to
// bob from one connector while he logs in and out, by turns at both. His
// sessions follow one another, so that he gets all, each once, in their order,
// whether they waited or came at once.
func TestMessagesKeepTheirOrderWhileTheirRecipientComesAndGoes(t *testing.T) {
	t.Parallel()
	const messages = 400
	connectors := twoConnectors(t)
	alice, err := dialXMPP(connectors[0].xmpp(), "localhost", "alice", "alice", "a")
	if err != nil {
		t.Fatal(err)
	}
	defer alice.close()
	var got atomic.Int64
	go func() { // ends with alice's connection
		for i := range int64(messages) {
			for i-got.Load() > 60 { // or the account's store is full
				<-time.After(time.Millisecond)
			}
			fmt.Fprintf(alice.nc, "<message type='chat' to='bob@localhost' id='%d'><body>hi</body></message>", i)
			<-time.After(rand.N(2 * time.Millisecond))
		}
	}()
	for round := 0; got.Load() < messages; round++ {
		bob, err := dialXMPP(connectors[round%2].xmpp(), "localhost", "bob", "bob", "b")
		if err != nil {
			t.Fatal(err)
		}
		visit(t, bob, &got, rand.IntN(5))
		bob.close()
		if t.Failed() {
			return
		}
	}
}

// visit lets bob be online for some rounds of pings, and counts what he gets.
func visit(t *testing.T, bob *client, got *atomic.Int64, pings int) {
	said := "<presence/>"
	for i := range pings {
		said += fmt.Sprintf("<iq type='get' id='p%d'><ping xmlns='urn:xmpp:ping'/></iq>", i)
	}
	fmt.Fprint(bob.nc, said)
	for left := pings; ; {
		if left == 0 {
			left = -1
			fmt.Fprint(bob.nc, "</stream:stream>")
		}
		el, err := bob.reader.Next()
		switch {
		case err != nil:
			return
		case el.Is(stanza.NSClient, "iq"):
			left--
		case el.Is(stanza.NSClient, "message"):
			if n := got.Load(); el.Attr("id") != strconv.FormatInt(n, 10) {
				t.Errorf("message %s came in place %d", el.Attr("id"), n)
			}
			got.Add(1)
		}
	}
}

// twoConnectors starts two processes with the accounts alice and bob. The flags are
// the second one's.
func twoConnectors(t *testing.T, flags ...string) []*process {
	dir := t.TempDir()
	first := connectorProcess(t, dir, "a", "--nats-listen", "127.0.0.1:0")
	nats := natsAddress.FindStringSubmatch(first.out.String())[1]
	second := connectorProcess(t, dir, "b", append(flags, "--nats", nats)...)
	importUsers(t, dir, nats, "alice", "bob")
	return []*process{first, second}
}

// xmpp is its address for clients.
func (p *process) xmpp() string { return xmppAddress.FindStringSubmatch(p.out.String())[1] }

func connectorProcess(t *testing.T, dir, name string, flags ...string) *process {
	p, err := launch(os.Environ(), dir, append([]string{
		"up", "--name", name, "--data", name, "--c2s", "127.0.0.1:0", "--ws", "", "--http", "",
	}, flags...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.cmd.Process.Kill()
		<-p.ended
	})
	if !p.says(&p.out, serving) {
		t.Fatalf("%s does not serve:\n%s%s", name, p.out.String(), p.err.String())
	}
	return p
}
