package c2s

import (
	"strconv"
	"testing"

	"github.com/rollcall-xmpp/rollcall/events"
)

// Of ever more sessions that end, the last ones are remembered.
func TestTheOldestEndIsForgottenFirst(t *testing.T) {
	t.Parallel()
	alice, err := events.ParseJID("alice@localhost")
	if err != nil {
		t.Fatal(err)
	}
	key := func(i int) endedKey { return endedKeyOf(alice, strconv.Itoa(i)) }
	e := newEndedSessions()
	for i := range 2*maxEnded + 3 {
		e.add(key(i), uint32(i))
	}
	for i := range 2*maxEnded + 3 {
		h, ok := e.count(key(i))
		if want := i >= maxEnded+3; ok != want || ok && h != uint32(i) {
			t.Fatalf("end %d: count %d, remembered %v", i, h, ok)
		}
	}
	if n := e.handled.Len(); n != maxEnded {
		t.Errorf("%d ends are remembered, at most %d should be", n, maxEnded)
	}
}
