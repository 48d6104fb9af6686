package names

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/events"
)

// Three processes at three servers make pseudonyms for the same accounts while one of the
// servers is killed. The pseudonyms that each was given stay true.
func TestOnAClusterAllGetTheSameThoughAServerDies(t *testing.T) {
	t.Parallel()
	cluster := bustest.StartCluster(t, 3)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	var records []*events.Stored // of a log that is elsewhere: no account was removed
	for i := range 3000 {
		account := events.StoredJID(fmt.Sprintf("user%d@localhost", i%1000))
		st := &events.Stored{Seq: events.Seq(i + 1), Record: events.Record{JID: account, Event: events.Bound{}}}
		if i >= 1000 {
			st.Prev = st.Seq - 1000
		}
		records = append(records, st)
	}
	said := make([][]Pseudonym, 3)
	var all sync.WaitGroup
	for i := range said {
		b, err := bus.Connect(ctx, bus.Config{URL: cluster.URL})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(b.Close)
		all.Go(func() {
			n := NewSized(b.Names(), b.Log(), 10)
			for part := range slices.Chunk(records, 100) {
				who := make([]Pseudonym, len(part))
				for err := n.OfAll(ctx, part, who); err != nil; err = n.OfAll(ctx, part, who) {
					if ctx.Err() != nil {
						t.Error(err)
						return
					}
				}
				if said[i] = append(said[i], who...); len(said[i]) == 500 && i == 0 {
					cluster.Servers[2].Kill()
				}
			}
		})
	}
	all.Wait()
	for _, other := range said[1:] {
		if !slices.Equal(other, said[0]) {
			t.Fatal("they differ")
		}
	}
	distinct := make(map[Pseudonym]bool)
	for _, p := range said[0] {
		distinct[p] = true
	}
	if len(distinct) != 1000 || distinct[Pseudonym{}] {
		t.Errorf("there are %d pseudonyms", len(distinct))
	}
}
