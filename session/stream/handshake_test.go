package stream

import (
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sync/semaphore"
)

func TestAHandshakeWaitsForAPlaceUntilItIsTooLate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		places := semaphore.NewWeighted(1)
		first := &handshake{places: places, until: time.Now().Add(time.Minute)}
		second := &handshake{places: places, until: time.Now().Add(10 * time.Second)}
		third := &handshake{places: places, until: time.Now().Add(time.Minute)}
		if err := first.enter(); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		entered := make(chan error)
		go func() { entered <- third.enter() }()
		if err := second.enter(); err == nil || time.Since(begin) != 10*time.Second {
			t.Errorf("the second one: %v after %v", err, time.Since(begin))
		}
		second.leave() // has nothing to give back
		synctest.Wait()
		select {
		case err := <-entered:
			t.Errorf("the third one: %v, with the first one still inside", err)
		default:
		}
		first.leave()
		if err := <-entered; err != nil {
			t.Error(err)
		}
	})
}
