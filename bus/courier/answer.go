package courier

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nuid"

	"github.com/rollcall-xmpp/rollcall/events"
)

// maxAnswers is the number of questions that one Answer works on at once.
const maxAnswers = 16

// ErrAskerGone ends a handler's send: nobody wants the answer any longer.
var ErrAskerGone = errors.New("the asker is gone")

// Answer calls handle for every question with the verb. Of all that answer it
// with the same queue only one gets each question; with queue "" the asker
// takes the first answer that comes. handle sends the answer in chunks of at
// most 512 KiB, waiting for the asker where it is slower, and its error goes
// to the asker as text. At most 16 handles run at once; more questions are
// refused. stop cancels their contexts and waits until they have returned.
func (c *Courier) Answer(verb, queue string, handle func(ctx context.Context, request []byte, send func(chunk []byte) error) error) (stop func(), err error) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	places := make(chan struct{}, maxAnswers)
	take := func(m *nats.Msg) {
		a := &answer{c: c, to: m.Reply}
		select {
		case places <- struct{}{}:
			running.Go(func() {
				defer func() { <-places }()
				a.run(ctx, m.Data, handle)
			})
		default:
			a.end(errBusy)
		}
	}
	return c.serve(c.subject(verb), func(subject string) (*nats.Subscription, error) {
		return c.nc.QueueSubscribe(subject, queue, take)
	}, func() { cancel(); running.Wait() })
}

// An answer is one stream of chunks. Its fields are owned by the goroutine of
// its handler.
type answer struct {
	c      *Courier
	to     string
	n      int            // chunks sent
	taken  int            // chunks that the asker has said it took
	takes  chan *nats.Msg // what the asker says
	takeIn string         // the subject at which it does
}

// run is the life of an answer: the handler, beside it signs of life, and the end.
func (a *answer) run(ctx context.Context, request []byte, handle func(context.Context, []byte, func([]byte) error) error) {
	a.takes = make(chan *nats.Msg, 2*window)
	sub, err := a.c.nc.ChanSubscribe(a.c.cfg.Takes+nuid.Next(), a.takes)
	if err != nil {
		return // the connection is closed
	}
	defer sub.Unsubscribe()
	a.takeIn = sub.Subject
	alive := time.NewTicker(sayAlive)
	defer alive.Stop()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go a.stayAlive(ctx, alive.C) // ends with ctx
	a.end(handle(ctx, request, func(chunk []byte) error { return a.send(ctx, chunk) }))
}

// stayAlive tells an asker that waits for a slow handler not to give up, and
// lets the server tell when the asker is gone.
func (a *answer) stayAlive(ctx context.Context, tick <-chan time.Time) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick:
			a.c.nc.PublishRequest(a.to, a.takeIn, nil)
		}
	}
}

// send sends a chunk, after the asker has taken all but window of those before:
// chunks that it is slow to read wait in the handler, not in the server's
// memory. The chunk is the handler's again when send has returned.
func (a *answer) send(ctx context.Context, chunk []byte) error {
	if len(chunk) > maxChunk {
		return fmt.Errorf("answer: %w (%d bytes)", events.ErrTooLarge, len(chunk))
	}
	for a.n-a.taken >= window {
		if err := a.wait(ctx); err != nil {
			return err
		}
	}
	m := &nats.Msg{Subject: a.to, Reply: a.takeIn, Data: chunk, Header: nats.Header{chunkHeader: {strconv.Itoa(a.n)}}}
	if err := a.c.nc.PublishMsg(m); err != nil {
		return notSent(err)
	}
	a.n++
	return ctx.Err()
}

// wait waits until the asker has taken more.
func (a *answer) wait(ctx context.Context) error {
	timer := time.NewTimer(fallenSilent)
	defer timer.Stop()
	select {
	case m := <-a.takes:
		if noResponders(m) {
			return ErrAskerGone
		}
		n, err := strconv.Atoi(string(m.Data))
		if err != nil {
			return fmt.Errorf("%w: it said %.20q", ErrAskerGone, m.Data)
		}
		a.taken = max(a.taken, n)
		return nil
	case <-timer.C:
		return fmt.Errorf("%w: silent for %s", ErrAskerGone, fallenSilent)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// end tells the asker that this was all.
func (a *answer) end(err error) {
	m := &nats.Msg{Subject: a.to, Header: nats.Header{endHeader: {strconv.Itoa(a.n)}}}
	if err != nil && !errors.Is(err, ErrAskerGone) {
		// A header has one line.
		m.Header.Set(errorHeader, strings.Join(strings.Fields(err.Error()), " "))
	}
	a.c.nc.PublishMsg(m)
}
