package pubsub

import (
	"bytes"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/pep"
)

// TestWhatIsKeptIsNeverOlderThanTheChangesThatWereSeen compares the cache with
// documents of which only the revisions count. Any number of readers may be
// between begin and end.
func TestWhatIsKeptIsNeverOlderThanTheChangesThatWereSeen(t *testing.T) {
	t.Parallel()
	type reader struct {
		entry *newestItems
		read  *pep.Store
	}
	rapid.Check(t, func(t *rapid.T) {
		var c newestCache
		var last uint64
		c.start(0)
		current := map[events.JID]*pep.Store{}
		var readers []reader
		for range rapid.IntRange(1, 50).Draw(t, "steps") {
			who := events.StoredJID(rapid.SampledFrom([]string{"a@x", "b@x"}).Draw(t, "who"))
			switch rapid.IntRange(0, 3).Draw(t, "step") {
			case 0:
				last++
				current[who], _ = pep.Decode(last, nil)
				c.change(who, last)
			case 1:
				readers = append(readers, reader{c.begin(who), current[who]})
			case 2:
				if len(readers) > 0 {
					i := rapid.IntRange(0, len(readers)-1).Draw(t, "reader")
					c.end(readers[i].entry, readers[i].read)
					readers = append(readers[:i], readers[i+1:]...)
				}
			case 3:
				if kept := c.get(who); kept != nil && kept != current[who] {
					t.Fatalf("revision %d of %s is kept, the last is %d", kept.Revision(), who, current[who].Revision())
				}
			}
		}
		want := 0
		for _, who := range []events.JID{events.StoredJID("a@x"), events.StoredJID("b@x")} {
			if e, ok := c.entries.Peek(who); ok {
				want += newestOverhead + e.store.Size()
			}
		}
		if got := c.entries.Weight(); got != want {
			t.Fatalf("%d bytes are counted, want %d", got, want)
		}
	})
}

func TestWhatIsKeptHasALimit(t *testing.T) {
	t.Parallel()
	var c newestCache
	c.start(0)
	keep := func(i int, s *pep.Store) events.JID {
		jid := events.StoredJID(fmt.Sprintf("%d@x", i))
		c.end(c.begin(jid), s)
		return jid
	}
	store := func(size int) *pep.Store {
		s, err := (*pep.Store)(nil).Publish(pep.Key{Name: "n"}, pep.Item{XML: bytes.Repeat([]byte("x"), size)}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	large := store(maxNewestOf - 500)
	first, second := keep(0, large), keep(1, large)
	for i := range 2 * maxNewest / maxNewestOf {
		keep(2+i, large)
		c.get(first) // it is needed all the time
	}
	if n := c.entries.Weight(); n > maxNewest || n < maxNewest-2*maxNewestOf {
		t.Errorf("%d bytes are kept, the limit is %d", n, maxNewest)
	}
	if c.get(first) == nil || c.get(second) != nil {
		t.Error("what was not needed for the longest time is kept before what was")
	}
	if jid := keep(1, store(maxNewestOf)); c.get(jid) != nil {
		t.Error("more than the limit of one account is kept")
	}
	c.stop()
	if c.get(first) != nil || c.begin(first) != nil || c.entries.Len() != 0 {
		t.Error("something is kept while changes are not followed")
	}
}
