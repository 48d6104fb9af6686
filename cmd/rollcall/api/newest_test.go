package api

import (
	"context"
	"fmt"
	"iter"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay/filter"
)

// A slow log takes its time for each record.
type slow struct {
	events.Log
	each time.Duration
}

// Read implements events.Log.
func (s slow) Read(ctx context.Context, r events.Range) iter.Seq2[*events.Stored, error] {
	return func(yield func(*events.Stored, error) bool) {
		for st, err := range s.Log.Read(ctx, r) {
			if time.Sleep(s.each); !yield(st, err) {
				return
			}
		}
	}
}

// written is a log of so many records in turns of four accounts.
func written(t *testing.T, records int) events.Log {
	t.Helper()
	log := bustest.NewLog()
	last := map[events.JID]events.Seq{}
	for i := range records {
		jid := events.StoredJID(fmt.Sprintf("u%d@localhost", i%4))
		p, err := log.Append(t.Context(), &events.Record{ID: events.NewEventID(time.Now()), JID: jid, Prev: last[jid], Event: events.AccountCreated{}})
		if err != nil {
			t.Fatal(err)
		}
		last[jid] = p.Seq
	}
	return log
}

// The newest of some accounts are read at once, and if these have done too much for that,
// as those of all are.
func TestTheNewestOfSomeAccountsAreReadAtOnce(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		each time.Duration // for a record
		want int           // that are looked at for a page
	}{{0, 30_000}, {250 * time.Microsecond, 1000 + 25_000}} {
		synctest.Test(t, func(t *testing.T) {
			log := slow{written(t, 60_000), c.each}
			f, err := filter.Parse("account:u1@localhost,u2@localhost")
			if err != nil {
				t.Fatal(err)
			}
			p := page{limit: 100, damaged: map[int]*events.PoisonError{}, deadline: time.Now().Add(time.Second)}
			if err := p.newestFirst(t.Context(), log, &selection{filter: f, newest: true}); err != nil {
				t.Fatal(err)
			}
			if len(p.records) != 100 || p.records[0].Seq != 59_999 || p.records[99].Seq != 59_802 || p.scanned != c.want {
				t.Errorf("%d records, %d looked at", len(p.records), p.scanned)
			}
		})
	}
}

// Whatever time it takes, a page that has read down to the first record is the last.
func TestAPageThatHasReadAllIsTheLast(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, after := range []events.Seq{0, 300} {
			p := page{limit: 1000, damaged: map[int]*events.PoisonError{}, deadline: time.Now().Add(time.Second)}
			err := p.newestFirst(t.Context(), slow{written(t, 900), 2 * time.Millisecond}, &selection{filter: &filter.Filter{}, newest: true, after: after})
			if err != nil || len(p.records) != 900-int(after) || !p.complete {
				t.Errorf("after %d: %d records, complete: %v, %v", after, len(p.records), p.complete, err)
			}
		}
	})
}

// A page that runs out of time leaves nothing out: what it did not reach is on the next.
func TestPagesOfTheNewestThatRunOutOfTimeMissNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const records = 9000
		log := slow{bustest.NewLog(), time.Millisecond}
		for i := range records {
			r := &events.Record{ID: events.NewEventID(time.Now()), JID: events.StoredJID(fmt.Sprintf("u%d@localhost", i)), Event: events.AccountCreated{}}
			if _, err := log.Append(t.Context(), r); err != nil {
				t.Fatal(err)
			}
		}
		want := events.Seq(records)
		for s := (selection{filter: &filter.Filter{}, newest: true}); want > 0; {
			p := page{limit: records, damaged: map[int]*events.PoisonError{}, deadline: time.Now().Add(2500 * time.Millisecond)}
			if err := p.newestFirst(t.Context(), log, &s); err != nil {
				t.Fatal(err)
			}
			for _, st := range p.records {
				if st.Seq != want {
					t.Fatalf("there comes %d, want %d", st.Seq, want)
				}
				want--
			}
			s.to = p.next - 1
		}
	})
}
