package api

import (
	"context"
	"errors"
	"iter"
	"testing"
	"testing/synctest"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay"
	"github.com/rollcall-xmpp/rollcall/replay/names"
)

// A brokenLog has records that can't be decoded. Its first read stops before the record
// stop, until it is given up.
type brokenLog struct {
	events.Log
	stop  events.Seq
	reads int
}

func (l *brokenLog) Read(ctx context.Context, r events.Range) iter.Seq2[*events.Stored, error] {
	l.reads++
	first := l.reads == 1
	return func(yield func(*events.Stored, error) bool) {
		for seq := r.After + 1; seq <= r.To; seq++ {
			if first && seq == l.stop {
				<-ctx.Done()
				yield(nil, ctx.Err())
				return
			}
			if !yield(nil, &events.PoisonError{Seq: seq, Err: errors.New("damaged")}) {
				return
			}
		}
	}
}

// Records read for a reader that has gone are not lost, and those not yet read are read by
// another.
func TestAReaderThatGoesLeavesTheReadToAnother(t *testing.T) {
	t.Parallel()
	for _, stop := range []events.Seq{1, 100} {
		synctest.Test(t, func(t *testing.T) {
			log := &brokenLog{stop: stop}
			f := &feed{h: &History{Archive: replay.Archive{Log: log}, Names: names.New(nil, log)}}
			ctx, leave := context.WithCancel(t.Context())
			go f.past(ctx, 0, 200)
			synctest.Wait()
			got := make(chan events.Seq, 1)
			go func() {
				last := events.Seq(0)
				for last < 200 {
					list, to, err := f.past(t.Context(), last, 200)
					if err != nil || len(list) == 0 || list[0].seq() != last+1 || list[len(list)-1].seq() != to {
						t.Errorf("after %d there are %d up to %d: %v", last, len(list), to, err)
						break
					}
					last = to
				}
				got <- last
			}()
			synctest.Wait()
			leave()
			if last := <-got; last != 200 || log.reads != 2 {
				t.Errorf("the other one got %d records by %d reads", last, log.reads)
			}
		})
	}
}
