package c2s_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/bans"
	"github.com/rollcall-xmpp/rollcall/session/c2s"
)

// banning is a world whose connectors follow bans, and ban bans a network and waits until
// they have seen it.
func banning(t *testing.T, test func(w *world, ban func(network string))) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		docs := bustest.NewDocuments()
		var tables []*bans.Table
		w := newWorld(t, 2, func(c *c2s.Config) {
			c.Bans = new(bans.Table)
			tables = append(tables, c.Bans)
		})
		defer w.close()
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		for i, n := range w.nodes {
			go tables[i].Follow(ctx, docs, n.server.EnforceBans)
		}
		w.users("alice", "bob", "carol")
		test(w, func(network string) {
			err := bans.Add(t.Context(), docs, bans.Ban{Network: netip.MustParsePrefix(network), Reason: "guesses", By: "cli root@example", Until: time.Now().Add(time.Hour)})
			if err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		})
	})
}

// from connects a client from an address and logs it in.
func (n *node) from(ip, user string, more ...string) *client {
	c := n.connectFrom(&client{address: &net.TCPAddr{IP: net.ParseIP(ip), Port: 40_000}}, user)
	c.login(user, "r")
	for _, m := range more {
		c.send(m)
	}
	synctest.Wait()
	return c
}

// ends are the ends of an account's sessions in the log.
func (w *world) ends(user string) (all []string) {
	for st, err := range w.log.Read(w.t.Context(), events.Range{Account: bare(user)}) {
		if err != nil {
			w.t.Fatal(err)
		}
		if e, ok := st.Event.(events.Closed); ok {
			all = append(all, fmt.Sprintf("%s %q by %s", e.Reason, e.Text, e.By))
		}
	}
	return all
}

func TestABanEndsTheSessionsOfItsNetworkAtEveryConnector(t *testing.T) {
	banning(t, func(w *world, ban func(string)) {
		alice, bob, carol := w.nodes[0].from("192.0.2.1", "alice"), w.nodes[1].from("192.0.2.2", "bob"), w.nodes[1].from("192.0.3.3", "carol")
		ban("192.0.2.0/24")
		for _, c := range []*client{alice, bob} {
			if got := c.answers(); !strings.Contains(got, "connections from your address are refused until 20") || !strings.Contains(got, ": guesses</text>") {
				t.Errorf("%s was sent %s", c.name, got)
			}
		}
		carol.mustLive(t)
		want := []string{`banned "guesses" by cli root@example`}
		for _, user := range []string{"alice", "bob"} {
			if got := w.ends(user); !slices.Equal(got, want) {
				t.Errorf("the ends of %s's sessions are %q", user, got)
			}
		}
		if again := w.nodes[0].connectFrom(alice, "alice"); again.answers() != "(closed)" {
			t.Error("it may connect again")
		}
	})
}

// A session that waits for its client would be resumed from elsewhere, or be there for
// others for as long as it waits.
func TestABanEndsSessionsThatWaitForAConnection(t *testing.T) {
	banning(t, func(w *world, ban func(string)) {
		const managed = "<presence/><enable xmlns='urn:xmpp:sm:3' resume='true'/>"
		away, there, other := w.nodes[0].from("192.0.2.1", "alice", managed), w.nodes[1].from("192.0.2.2", "bob", managed), w.nodes[1].from("192.0.3.3", "carol", managed)
		away.drop()
		other.drop()
		synctest.Wait()
		ban("192.0.2.0/24")
		there.mustEnd(t, "policy-violation")
		for _, user := range []string{"alice", "bob"} {
			if got := w.ends(user); !slices.Equal(got, []string{`banned "guesses" by cli root@example`}) {
				t.Errorf("the ends of %s's sessions are %q", user, got)
			}
		}
		if got := w.ends("carol"); got != nil {
			t.Errorf("carol's session ended: %q", got)
		}
	})
}
