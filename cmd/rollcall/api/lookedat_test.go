package api

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector"
	"github.com/rollcall-xmpp/rollcall/replay"
)

// A distant log may be out of reach.
type distant struct {
	*bustest.Log
	gone bool
}

func (l *distant) Info(ctx context.Context) (events.Info, error) {
	if l.gone {
		return events.Info{}, fmt.Errorf("look: %w", events.ErrUnavailable)
	}
	return l.Log.Info(ctx)
}

// A look is good for 10 s, and for longer while there can be no other one.
func TestTheLogIsLookedAtNowAndThen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := &distant{Log: bustest.NewLog(), gone: true}
		h := &History{Capacity: log, Archive: replay.Archive{Keyframes: bustest.NewKeyframes()}, Table: projector.NewTable()}
		s := New(Config{})
		if _, err := s.lookAtLog(t.Context(), h); !errors.Is(err, events.ErrUnavailable) {
			t.Errorf("a log that was never there: %v", err)
		}
		log.gone = false
		begin := time.Now()
		for _, step := range []struct {
			later time.Duration
			gone  bool
			old   time.Duration
		}{
			{0, false, 0}, {9 * time.Second, false, 9 * time.Second}, {time.Second, false, 0},
			{time.Minute, true, time.Minute}, {time.Minute, true, 2 * time.Minute}, {0, false, 0},
		} {
			time.Sleep(step.later)
			log.gone = step.gone
			l, err := s.lookAtLog(t.Context(), h)
			if err != nil || time.Since(l.At) != step.old {
				t.Errorf("after %s: %v, %v", time.Since(begin), l, err)
			}
		}
	})
}
