package api

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// An answer is good for a while, and for longer while there can be no other one.
func TestAnAnswerIsKeptForAWhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newRecent[time.Time](10 * time.Second)
		gone := true
		get := func() (time.Time, error) {
			return l.get(t.Context(), func(context.Context) (time.Time, error) {
				if gone {
					return time.Time{}, events.ErrUnavailable
				}
				return time.Now(), nil
			})
		}
		if at, err := get(); err != events.ErrUnavailable {
			t.Errorf("of what was never there: %s, %v", at, err)
		}
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
			gone = step.gone
			if at, err := get(); err != nil || time.Since(at) != step.old {
				t.Errorf("after %s: %s, %v", time.Since(begin), at, err)
			}
		}
	})
}

// Whoever asks while another question is being answered waits for it, but not for ever.
func TestOneAtATimeAsksForWhatIsKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newRecent[int](time.Second)
		asked := 0
		slow := func(ctx context.Context) (int, error) {
			asked++
			time.Sleep(3 * time.Second)
			return asked, nil
		}
		first := make(chan int)
		go func() {
			v, _ := l.get(t.Context(), slow)
			first <- v
		}()
		synctest.Wait()
		v, err := l.get(t.Context(), slow)
		if v != 1 || <-first != 1 || err != nil || asked != 1 {
			t.Errorf("the second gets %d, %v, and it was asked %d times", v, err, asked)
		}
		release := make(chan struct{})
		time.Sleep(time.Minute)
		go l.get(t.Context(), func(context.Context) (int, error) { <-release; return 0, nil })
		synctest.Wait()
		if _, err := l.get(t.Context(), slow); err == nil {
			t.Error("it is waited for, however long that takes")
		}
		close(release)
	})
}
