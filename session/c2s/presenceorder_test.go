package c2s_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestPresenceAndMessagesOfOneSenderComeInOrder is RFC 6120, 10.1 between two
// connectors, where presence goes by the log and messages go beside it, both
// late by chance.
func TestPresenceAndMessagesOfOneSenderComeInOrder(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { mixedOrder(t, seed) })
		})
	}
}

var inTurn = regexp.MustCompile(`<(?:body|status)>(\d+)<`)

func mixedOrder(t *testing.T, seed uint64) {
	w := newWorld(t, 2, nil)
	defer w.close()
	w.users("alice", "bob")
	w.watch("bob", "alice")
	alice, bob := w.nodes[0].connect("alice"), w.nodes[1].connect("bob")
	bob.login("bob", "b")
	bob.send("<presence/>")
	alice.login("alice", "a")
	synctest.Wait()
	bob.take()

	w.late(seed, 30)
	var said strings.Builder
	var want []string
	for i, form := range []string{
		"<message to='bob@localhost'><body>%d</body></message>",
		"<presence><status>%d</status></presence>",
		"<message to='bob@localhost/b'><body>%d</body></message>",
		"<presence to='bob@localhost'><status>%d</status></presence>",
		"<message to='bob@localhost'><body>%d</body></message>",
		"<presence type='unavailable'><status>%d</status></presence>",
		"<message to='bob@localhost'><body>%d</body></message></stream:stream>",
	} {
		fmt.Fprintf(&said, form, i)
		want = append(want, fmt.Sprint(i))
	}
	alice.send(said.String())
	<-time.After(time.Minute)
	w.late(0, 0)
	var got []string
	for _, item := range bob.take() {
		if m := inTurn.FindStringSubmatch(item); m != nil {
			got = append(got, m[1])
		}
	}
	if !slices.Equal(got, want) {
		t.Error("the order was", got)
	}
}
