package bus_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"rollcall/bus"
	"rollcall/bus/natsd"
	"rollcall/events"
)

// pair is two processes on one server.
func pair(t testing.TB) (here, there *bus.Bus) {
	s := serve(t, natsd.Options{Listen: "127.0.0.1:0"})
	return connect(t, bus.Config{InProcess: s}), connect(t, bus.Config{URL: s.URL()})
}

func TestMessagesOfOneSenderArriveInOrder(t *testing.T) {
	t.Parallel()
	here, there := pair(t)
	const n = 5000
	got := make(chan string, n)
	stop, err := there.Courier().Receive("c 2", func(p []byte) { got <- string(p) })
	must(t, err)
	defer stop()
	for i := range n {
		must(t, here.Courier().Send("c 2", []byte(fmt.Sprint(i))))
	}
	for i := range n {
		if m := <-got; m != fmt.Sprint(i) {
			t.Fatalf("message %s in place %d", m, i)
		}
	}
}

func TestNothingIsHandledAfterStop(t *testing.T) {
	t.Parallel()
	here, there := pair(t)
	returned := make(chan string, 1)
	here.Courier().OnUndeliverable(func(connector string, payload []byte) { returned <- connector + " " + string(payload) })
	running, finish := make(chan struct{}), make(chan struct{})
	handled := 0
	stop, err := there.Courier().Receive("c2", func([]byte) {
		if handled++; handled == 1 {
			close(running)
			<-finish
		}
	})
	must(t, err)
	must(t, here.Courier().Send("c2", []byte("one")))
	<-running
	go close(finish)
	stop()
	stop()
	must(t, here.Courier().Send("c2", []byte("two")))
	if r := <-returned; r != "c2 two" {
		t.Errorf("returned: %s", r)
	}
	if handled != 1 {
		t.Errorf("%d messages were handled", handled)
	}
}

func TestWhatNobodyReceivesIsReturned(t *testing.T) {
	t.Parallel()
	here, _ := pair(t)
	returned := make(chan string, 100)
	here.Courier().OnUndeliverable(func(connector string, payload []byte) { returned <- connector + " " + string(payload) })
	for i := range 100 {
		must(t, here.Courier().Send("nobody", []byte(fmt.Sprint(i))))
	}
	for i := range 100 {
		if r := <-returned; r != fmt.Sprint("nobody ", i) {
			t.Errorf("returned %q in place %d", r, i)
		}
	}
	if err := here.Courier().Send("nobody", make([]byte, 2<<20)); !errors.Is(err, events.ErrTooLarge) {
		t.Errorf("send of 2 MiB: %v", err)
	}
}

func TestNothingIsSentWithoutAConnection(t *testing.T) {
	t.Parallel()
	s := serve(t, natsd.Options{Listen: "127.0.0.1:0"})
	states := make(chan bool, 10)
	b := connect(t, bus.Config{URL: s.URL(), OnState: func(up bool) { states <- up }})
	s.Shutdown()
	if up := <-states; up || b.Connected() {
		t.Error("the bus takes itself for connected")
	}
	if err := b.Courier().Send("c2", nil); !errors.Is(err, events.ErrUnavailable) {
		t.Errorf("send: %v", err)
	}
	if _, err := b.Log().Append(within(t), record(alice, 0, "")); !errors.Is(err, events.ErrUnavailable) {
		t.Errorf("append: %v", err)
	}
	if _, err := b.Rosters().Put(within(t), alice, nil, 0); !errors.Is(err, events.ErrUnavailable) {
		t.Errorf("put: %v", err)
	}
	for _, err := range b.Courier().Ask(within(t), "anything", nil) {
		if !errors.Is(err, events.ErrUnavailable) {
			t.Errorf("ask: %v", err)
		}
	}
}

// answer serves a verb until the test ends.
func answer(t testing.TB, b *bus.Bus, verb string, handle func(ctx context.Context, request []byte, send func([]byte) error) error) {
	t.Helper()
	stop, err := b.Courier().Answer(verb, "q", handle)
	must(t, err)
	t.Cleanup(stop)
}

func ask(t testing.TB, b *bus.Bus, verb, request string) (chunks []string, err error) {
	for chunk, err := range b.Courier().Ask(within(t), verb, []byte(request)) {
		if err != nil {
			return chunks, err
		}
		chunks = append(chunks, string(chunk))
	}
	return chunks, nil
}

func TestAQuestionGetsOneAnswerOfManyParts(t *testing.T) {
	t.Parallel()
	here, there := pair(t)
	for _, b := range []*bus.Bus{here, there} {
		answer(t, b, "count", func(_ context.Context, request []byte, send func([]byte) error) error {
			for i := range 1000 {
				if err := send(fmt.Append(nil, string(request), i)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	chunks, err := ask(t, here, "count", "n")
	must(t, err)
	if len(chunks) != 1000 || chunks[0] != "n0" || chunks[999] != "n999" {
		t.Errorf("%d parts", len(chunks))
	}
}

func TestWhatGoesWrongWithAnAnswerIsSaid(t *testing.T) {
	t.Parallel()
	here, there := pair(t)
	if _, err := ask(t, here, "nobody.knows", ""); !errors.Is(err, bus.ErrNoAnswer) {
		t.Errorf("nobody answers: %v", err)
	}
	answer(t, there, "fail", func(_ context.Context, _ []byte, send func([]byte) error) error {
		send([]byte("part"))
		return errors.New("no such\r\naccount")
	})
	chunks, err := ask(t, here, "fail", "")
	var failed *bus.AnswerError
	if len(chunks) != 1 || !errors.As(err, &failed) || failed.Text != "no such account" {
		t.Errorf("the handler fails: %q, %v", chunks, err)
	}
	answer(t, there, "large", func(_ context.Context, _ []byte, send func([]byte) error) error {
		return send(make([]byte, 600<<10))
	})
	if _, err = ask(t, here, "large", ""); !errors.As(err, &failed) || !strings.Contains(failed.Text, "too large") {
		t.Errorf("a part is too large: %v", err)
	}
}

func TestAnAnswererStopsWhenTheAskerIsGone(t *testing.T) {
	t.Parallel()
	here, there := pair(t)
	ended := make(chan error, 1)
	answer(t, there, "endless", func(_ context.Context, _ []byte, send func([]byte) error) error {
		for {
			if err := send(make([]byte, 1000)); err != nil {
				ended <- err
				return err
			}
		}
	})
	for _, err := range here.Courier().Ask(within(t), "endless", nil) {
		must(t, err)
		break
	}
	if err := <-ended; !errors.Is(err, bus.ErrAskerGone) {
		t.Errorf("the handler's send: %v", err)
	}
}

func TestTooManyQuestionsAtOnceAreRefused(t *testing.T) {
	t.Parallel()
	here, there := pair(t)
	running := make(chan struct{})
	answer(t, there, "slow", func(ctx context.Context, _ []byte, _ func([]byte) error) error {
		running <- struct{}{}
		<-ctx.Done()
		return nil
	})
	ctx, cancel := context.WithCancel(within(t))
	asked := make(chan struct{})
	for range 16 {
		go func() {
			for range here.Courier().Ask(ctx, "slow", nil) {
			}
			asked <- struct{}{}
		}()
		<-running
	}
	var busy *bus.AnswerError
	if _, err := ask(t, here, "slow", ""); !errors.As(err, &busy) {
		t.Errorf("question 17: %v", err)
	}
	cancel()
	for range 16 {
		<-asked
	}
}

func TestASlowHandlerIsWaitedFor(t *testing.T) {
	t.Parallel()
	here, there := pair(t)
	answer(t, there, "slow", func(_ context.Context, _ []byte, send func([]byte) error) error {
		<-time.After(2500 * time.Millisecond) // longer than one sign of life takes
		return send([]byte("done"))
	})
	chunks, err := ask(t, here, "slow", "")
	if err != nil || len(chunks) != 1 {
		t.Errorf("%q, %v", chunks, err)
	}
}
