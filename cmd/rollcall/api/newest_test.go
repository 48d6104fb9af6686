package api

import (
	"context"
	"fmt"
	"iter"
	"testing"
	"testing/synctest"
	"time"

	"rollcall/bus/bustest"
	"rollcall/events"
	"rollcall/replay/filter"
)

// A slow log takes a millisecond for a record.
type slow struct{ events.Log }

// Read implements events.Log.
func (s slow) Read(ctx context.Context, r events.Range) iter.Seq2[*events.Stored, error] {
	return func(yield func(*events.Stored, error) bool) {
		for st, err := range s.Log.Read(ctx, r) {
			if time.Sleep(time.Millisecond); !yield(st, err) {
				return
			}
		}
	}
}

// A page that runs out of time leaves nothing out: what it did not reach is on the next.
func TestPagesOfTheNewestThatRunOutOfTimeMissNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const records = 9000
		log := slow{bustest.NewLog()}
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
