package bus_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/natsd"
	"github.com/rollcall-xmpp/rollcall/events"
)

// Each of many that call at the same time gets its own answer: here the sequence
// after the one that it expected.
func TestCallsAtTheSameTimeGetTheirOwnAnswers(t *testing.T) {
	t.Parallel()
	const writers, each = 300, 20
	b := embedded(t)
	var g errgroup.Group
	for w := range writers {
		g.Go(func() error {
			prev := events.Seq(0)
			for i := range each {
				p, err := b.Log().Append(within(t), record(account(w), prev, fmt.Sprint(i)))
				if err != nil {
					return err
				}
				prev = p.Seq
			}
			return nil
		})
	}
	must(t, g.Wait())
	for w := range writers {
		n := 0
		for s, err := range b.Log().Read(within(t), events.Range{Account: account(w)}) {
			must(t, err)
			if text := s.Event.(events.Closed).Text; text != fmt.Sprint(n) {
				t.Fatalf("record %d of account %d is %s", n, w, text)
			}
			n++
		}
		if n != each {
			t.Errorf("%d records of account %d", n, w)
		}
	}
}

// Somebody has the subject of a stream that is not there, and does not answer.
func TestACallThatNobodyAnswersEndsInTime(t *testing.T) {
	t.Parallel()
	const attempt = 200 * time.Millisecond
	s := serve(t, natsd.Options{Listen: "127.0.0.1:0"})
	b := connect(t, bus.Config{URL: s.URL(), Credentials: keyOf(s), AttemptTimeout: attempt})
	nc, js := raw(t, s.URL(), s.Login())
	must(t, js.DeleteStream(within(t), "RC_EV"))
	_, err := nc.SubscribeSync(subject(alice))
	must(t, err)
	must(t, nc.Flush())
	began := time.Now()
	if _, err := b.Log().Append(within(t), record(alice, 0, "")); !errors.Is(err, events.ErrUnresolved) {
		t.Errorf("%v", err)
	}
	if took := time.Since(began); took < attempt {
		t.Errorf("after %s", took)
	}
	ctx, cancel := context.WithTimeout(within(t), attempt/10)
	defer cancel()
	if _, err := b.Log().Append(ctx, record(alice, 0, "")); !errors.Is(err, events.ErrUnresolved) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("with less time: %v", err)
	}
}

func TestAllCallsEndWithTheConnection(t *testing.T) {
	t.Parallel()
	s := serve(t, natsd.Options{Listen: "127.0.0.1:0"})
	b := connect(t, bus.Config{URL: s.URL(), Credentials: keyOf(s), AttemptTimeout: patience})
	nc, js := raw(t, s.URL(), s.Login())
	must(t, js.DeleteStream(within(t), "RC_EV"))
	arrived := make(chan struct{}, 100)
	var wg sync.WaitGroup
	for i := range cap(arrived) {
		_, err := nc.SubscribeSync(subject(account(i)))
		must(t, err)
		must(t, nc.Flush())
		wg.Go(func() {
			arrived <- struct{}{}
			if _, err := b.Log().Append(within(t), record(account(i), 0, "")); err == nil {
				t.Error("it was acknowledged")
			}
		})
	}
	for range cap(arrived) {
		<-arrived
	}
	s.Shutdown()
	wg.Wait()
}
