package courier_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/rollcall-xmpp/rollcall/bus/courier"
	"github.com/rollcall-xmpp/rollcall/bus/natsd"
	"github.com/rollcall-xmpp/rollcall/events"
)

// patience bounds every wait of these tests.
const patience = 30 * time.Second

func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// serve starts a server that other processes can reach.
func serve(t testing.TB, dir, address string) *natsd.Server {
	t.Helper()
	s, err := natsd.Start(within(t), natsd.Options{DataDir: dir, Listen: address})
	must(t, err)
	t.Cleanup(s.Shutdown)
	return s
}

// process is the courier of one process.
func process(t testing.TB, url string, login nats.Option) *courier.Courier {
	t.Helper()
	nc, err := nats.Connect(url, login, nats.MaxReconnects(-1), nats.ReconnectWait(10*time.Millisecond), nats.ReconnectBufSize(-1))
	must(t, err)
	t.Cleanup(nc.Close)
	c, err := courier.New(courier.Config{
		Conn: nc, To: func(to events.Incarnation) string { return fmt.Sprint("to.", to.Epoch) }, Verbs: "ask.",
		Subscribing: func(_ string, subscribe func() error) error {
			return cmp.Or(subscribe(), nc.FlushTimeout(patience))
		},
		Takes: "take.", Denied: func(string) (<-chan error, func()) { return nil, func() {} },
	})
	must(t, err)
	t.Cleanup(c.Close)
	return c
}

// pair is two processes on one server.
func pair(t testing.TB) (here, there *courier.Courier) {
	s := serve(t, t.TempDir(), "127.0.0.1:0")
	return process(t, s.URL(), s.Login()), process(t, s.URL(), s.Login())
}

var c2 = events.Incarnation{Name: "c 2", Epoch: 7}

// receive collects what comes for c2 until it is stopped.
func receive(t testing.TB, c *courier.Courier, got chan<- string) (stop func()) {
	t.Helper()
	stop, err := c.Receive(c2, func(p []byte, _ func() func()) { got <- string(p) })
	must(t, err)
	return stop
}

func send(t testing.TB, c *courier.Courier, from, to int) (place uint64) {
	t.Helper()
	for i := from; i < to; i++ {
		var err error
		place, err = c.Send(c2, 0, fmt.Append(nil, i))
		must(t, err)
	}
	return place
}

func expect(t testing.TB, got <-chan string, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		if m := <-got; m != fmt.Sprint(i) {
			t.Fatalf("message %s in place %d", m, i)
		}
	}
}

func TestMessagesOfOneSenderArriveInOrder(t *testing.T) {
	t.Parallel()
	here, there := pair(t)
	const n = 5000
	got := make(chan string, n)
	defer receive(t, there, got)()
	place := send(t, here, 0, n)
	expect(t, got, 0, n)
	must(t, here.Await(within(t), c2, 0, place))
	if !here.Arrived(c2, 0, place) {
		t.Error("the last message has not arrived although it was waited for")
	}
}

func TestNothingIsHandledAfterStop(t *testing.T) {
	t.Parallel()
	here, there := pair(t)
	running, finish := make(chan struct{}), make(chan struct{})
	handled := 0
	stop, err := there.Receive(c2, func([]byte, func() func()) {
		if handled++; handled == 1 {
			close(running)
			<-finish
		}
	})
	must(t, err)
	one := send(t, here, 1, 2)
	<-running
	go close(finish)
	stop()
	stop()
	must(t, here.Await(within(t), c2, 0, one))
	if two := send(t, here, 2, 3); here.Arrived(c2, 0, two) {
		t.Error("a message arrived that nobody was there for")
	}
	if handled != 1 {
		t.Errorf("%d messages were handled", handled)
	}
}

func TestAMessageArrivesWhenItIsHandled(t *testing.T) {
	t.Parallel()
	here, there := pair(t)
	dones := make(chan func(), 3)
	stop, err := there.Receive(c2, func(_ []byte, later func() func()) { dones <- later() })
	must(t, err)
	defer stop()
	last := send(t, here, 0, 3)
	first, second, third := <-dones, <-dones, <-dones
	third()
	second()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := here.Await(ctx, c2, 0, last-2); err == nil {
		t.Error("the first message arrived before it was handled")
	}
	first()
	must(t, here.Await(within(t), c2, 0, last))
}

func TestAMessageWaitsForNoneOfAnotherTrack(t *testing.T) {
	t.Parallel()
	here, there := pair(t)
	dones := make(chan func(), 2)
	stop, err := there.Receive(c2, func(_ []byte, later func() func()) { dones <- later() })
	must(t, err)
	defer stop()
	first := send(t, here, 0, 1)
	second, err := here.Send(c2, 1, nil)
	must(t, err)
	handleFirst, handleSecond := <-dones, <-dones
	handleSecond()
	must(t, here.Await(within(t), c2, 1, second))
	if here.Arrived(c2, 0, first) {
		t.Error("the first message arrived before it was handled")
	}
	handleFirst()
	must(t, here.Await(within(t), c2, 0, first))
}

func TestWhatAReceiverMissedIsSentAgain(t *testing.T) {
	t.Parallel()
	here, there := pair(t)
	got := make(chan string, 6000)
	stop := receive(t, there, got)
	send(t, here, 0, 1000)
	stop() // somewhere in between
	send(t, here, 1000, 2000)
	defer receive(t, there, got)()
	place := send(t, here, 2000, 3000)
	must(t, here.Await(within(t), c2, 0, place))
	expect(t, got, 0, 3000)
	if len(got) > 0 {
		t.Errorf("%d messages came twice", len(got))
	}
}

func TestNothingIsLostOrDoubledOverALostConnection(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := serve(t, dir, "127.0.0.1:0")
	url := s.URL()
	here, there := process(t, url, s.Login()), process(t, url, s.Login())
	got := make(chan string, 4000)
	defer receive(t, there, got)()
	send(t, here, 0, 2000)
	s.Shutdown()
	send(t, here, 2000, 2100) // they go when there is a connection again
	serve(t, dir, strings.TrimPrefix(url, "nats://"))
	expect(t, got, 0, 2100)
	if len(got) > 0 {
		t.Errorf("%d messages came twice", len(got))
	}
}

func TestWhatAnEndedConnectorDidNotHandleIsGivenBack(t *testing.T) {
	t.Parallel()
	here, there := pair(t)
	got := make(chan string, 10)
	stop := receive(t, there, got)
	place := send(t, here, 0, 10)
	must(t, here.Await(within(t), c2, 0, place))
	stop()
	place = send(t, here, 10, 20)
	waited := make(chan error, 1)
	go func() { waited <- here.Await(within(t), c2, 0, place) }()
	var back []string
	var dones []func()
	here.Return(c2, func(p []byte, sent time.Time, done func()) {
		if time.Since(sent) > time.Minute {
			t.Errorf("sent at %v", sent)
		}
		back, dones = append(back, string(p)), append(dones, done)
		if len(back) < 10 {
			return
		}
		for _, done := range slices.Backward(dones) {
			if here.Arrived(c2, 0, place-9) {
				t.Error("it arrived before the first was done with")
			}
			done()
		}
	})
	must(t, <-waited)
	if len(back) != 10 || back[0] != "10" || back[9] != "19" {
		t.Errorf("given back: %q", back)
	}
	if _, err := here.Send(c2, 0, nil); !errors.Is(err, courier.ErrEnded) {
		t.Errorf("send to one that has ended: %v", err)
	}
	if _, err := here.Send(events.Incarnation{Name: c2.Name, Epoch: c2.Epoch - 1}, 0, nil); !errors.Is(err, courier.ErrEnded) {
		t.Errorf("send to one that has ended before: %v", err)
	}
}

func TestWhatWaitsForASilentConnectorIsBounded(t *testing.T) {
	t.Parallel()
	here, _ := pair(t)
	for range 1000 {
		_, err := here.Send(c2, 0, make([]byte, 100<<10))
		if errors.Is(err, courier.ErrBacklog) {
			return
		}
		must(t, err)
	}
	t.Error("100 MB are kept for a connector that is not there")
}

func TestWhatIsTooLargeIsRefused(t *testing.T) {
	t.Parallel()
	here, there := pair(t)
	got := make(chan string, 1)
	defer receive(t, there, got)()
	if _, err := here.Send(c2, 0, make([]byte, 2<<20)); !errors.Is(err, events.ErrTooLarge) {
		t.Errorf("send of 2 MiB: %v", err)
	}
	send(t, here, 0, 1)
	expect(t, got, 0, 1) // what was refused left no gap
}

// A message that is kept for a silent connector must be one that can be sent
// one day: everything after it would wait for it.
func TestWhatIsTooLargeIsRefusedForASilentConnectorToo(t *testing.T) {
	t.Parallel()
	here, there := pair(t)
	send(t, here, 0, 1)
	for range 50 { // the server's note that nobody is there comes meanwhile
		if _, err := here.Send(c2, 0, make([]byte, 2<<20)); !errors.Is(err, events.ErrTooLarge) {
			t.Errorf("send of 2 MiB: %v", err)
			break
		}
	}
	got := make(chan string, 2)
	defer receive(t, there, got)()
	must(t, here.Await(within(t), c2, 0, send(t, here, 1, 2)))
	expect(t, got, 0, 2)
}

func TestNothingIsAskedWithoutAConnection(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir(), "127.0.0.1:0")
	c := process(t, s.URL(), s.Login())
	answer(t, c, "wait", func(ctx context.Context, _ []byte, _ func([]byte) error) error {
		s.Shutdown()
		<-ctx.Done()
		return nil
	})
	for _, when := range []string{"when it is lost", "when there is none"} {
		if _, err := ask(t, c, "wait", ""); !errors.Is(err, events.ErrUnavailable) {
			t.Errorf("%s: %v", when, err)
		}
	}
}

// answer serves a verb until the test ends.
func answer(t testing.TB, c *courier.Courier, verb string, handle func(ctx context.Context, request []byte, send func([]byte) error) error) {
	t.Helper()
	stop, err := c.Answer(verb, "q", handle)
	must(t, err)
	t.Cleanup(stop)
}

func ask(t testing.TB, c *courier.Courier, verb, request string) (chunks []string, err error) {
	for chunk, err := range c.Ask(within(t), verb, []byte(request)) {
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
	for _, b := range []*courier.Courier{here, there} {
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
	if _, err := ask(t, here, "nobody.knows", ""); !errors.Is(err, courier.ErrNoAnswer) {
		t.Errorf("nobody answers: %v", err)
	}
	answer(t, there, "fail", func(_ context.Context, _ []byte, send func([]byte) error) error {
		send([]byte("part"))
		return errors.New("no such\r\naccount")
	})
	chunks, err := ask(t, here, "fail", "")
	var failed *courier.AnswerError
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
	for _, err := range here.Ask(within(t), "endless", nil) {
		must(t, err)
		break
	}
	if err := <-ended; !errors.Is(err, courier.ErrAskerGone) {
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
			for range here.Ask(ctx, "slow", nil) {
			}
			asked <- struct{}{}
		}()
		<-running
	}
	var busy *courier.AnswerError
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

func TestMessagesAreCountedOnBothSides(t *testing.T) {
	t.Parallel()
	here, there := pair(t)
	got := make(chan string, 10)
	stop := receive(t, there, got)
	send(t, here, 0, 5)
	for range 5 {
		<-got
	}
	stop()
	if n := here.Stats(); n.Sent != 5 || n.Received != 0 {
		t.Errorf("here: %+v", n)
	}
	if n := there.Stats(); n.Sent != 0 || n.Received != 5 {
		t.Errorf("there: %+v", n)
	}
}
