package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector"
	"github.com/rollcall-xmpp/rollcall/session"
)

// runAppend measures transitions appended by compare-and-set over many
// accounts. Raw is PublishAsync of the same records with the same expectation and
// header, the accounts in such an order too, on a stream of its own with the settings of
// ours.
func (b *Bench) runAppend(ctx context.Context) error {
	raw, err := newRawAppender(ctx, b.station, b.Accounts, b.Appends, b.Writers)
	if err != nil {
		return err
	}
	list := loopers(b.Accounts)
	err = b.compare(ctx, "append a transition (compare-and-set)", func(ctx context.Context) (int, error) {
		return b.Appends, appendTransitions(ctx, b.bus.Log(), list, b.Appends, b.Writers)
	}, raw.run)
	if err != nil {
		return err
	}
	return b.compareService(ctx, raw)
}

// appendTransitions appends n records, each account's one after the other, by
// writers at the same time.
func appendTransitions(ctx context.Context, log events.Log, list []*looper, n, writers int) error {
	g, ctx := errgroup.WithContext(ctx)
	for w := range writers {
		g.Go(func() error {
			mine := list[w*len(list)/writers : (w+1)*len(list)/writers]
			for i := range (w+1)*n/writers - w*n/writers {
				s := mine[i%len(mine)]
				pos, err := log.Append(ctx, s.next(time.Now()))
				if err != nil {
					return err
				}
				s.stored(pos.Seq)
			}
			return nil
		})
	}
	return g.Wait()
}

// compareService measures the whole way: decide on the table, append, and have
// the table follow.
func (b *Bench) compareService(ctx context.Context, raw *rawAppender) error {
	t := projector.NewTable()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p, err := projector.New(projector.Config{Log: b.bus.Log(), Table: t})
	if err != nil {
		return err
	}
	svc, err := session.NewService(session.Config{Log: b.bus.Log(), Accounts: t, Connector: connector})
	if err != nil {
		return err
	}
	var g errgroup.Group
	g.Go(func() error { return p.Run(ctx) })
	if err := p.CatchUp(ctx); err != nil {
		return errors.Join(err, g.Wait())
	}
	list := make([]*looper, b.Accounts)
	for i := range list {
		list[i] = newLooper(1_000_000 + i)
	}
	err = b.compare(ctx, "decide, append, project", func(ctx context.Context) (int, error) {
		return b.Appends, serveTransitions(ctx, svc, list, b.Appends, b.Writers)
	}, raw.run)
	cancel()
	if err := g.Wait(); err != nil {
		return err
	}
	return err
}

func serveTransitions(ctx context.Context, svc *session.Service, list []*looper, n, writers int) error {
	g, ctx := errgroup.WithContext(ctx)
	for w := range writers {
		g.Go(func() error {
			mine := list[w*len(list)/writers : (w+1)*len(list)/writers]
			for i := range (w+1)*n/writers - w*n/writers {
				s := mine[i%len(mine)]
				if _, _, err := svc.Do(ctx, s.bare, events.ConnID{}, s.command(time.Now())); err != nil {
					return err
				}
				s.stored(0)
			}
			return nil
		})
	}
	return g.Wait()
}

// command is the wish that leads to the session's next record.
func (s *looper) command(now time.Time) session.Command {
	switch s.at {
	case 0:
		s.session = events.NewSessionID(now)
		return session.Authenticate{Session: s.session, Mechanism: "SCRAM-SHA-256", TLS: "TLS 1.3", Address: "127.0.0.1:50000"}
	case 1:
		return session.Bind{Session: s.session, Resource: s.full.Resource()}
	case 2:
		return session.RequestRoster{Session: s.session}
	case 3:
		return session.BecomeAvailable{Session: s.session, Stanza: presence}
	}
	return session.Close{Session: s.session, Reason: events.ReasonClient}
}

// A rawAppender does with PublishAsync what the log does.
type rawAppender struct {
	js       jetstream.JetStream
	appends  int   // of one run
	writers  []int // that it stands for, in the order of their turns
	subjects []string
	list     []*looper                // makes the records of each subject
	last     []jetstream.PubAckFuture // of the record whose sequence is not known yet
}

// newRawAppender appends n times in a run, with as many on their way as there are
// writers.
func newRawAppender(ctx context.Context, s *station, accounts, n, writers int) (*rawAppender, error) {
	js, err := jetstream.New(s.nc, jetstream.WithPublishAsyncMaxPending(writers), jetstream.WithPublishAsyncTimeout(time.Minute))
	if err != nil {
		return nil, err
	}
	_, err = js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name: "BENCH", Subjects: []string{"bench.>"}, DenyDelete: true, DenyPurge: true,
		Discard: jetstream.DiscardNew, MaxBytes: 4 << 30,
	})
	if err != nil {
		return nil, err
	}
	a := &rawAppender{js: js, appends: n, writers: rand.Perm(writers), list: loopers(accounts), last: make([]jetstream.PubAckFuture, accounts)}
	for i := range accounts {
		a.subjects = append(a.subjects, fmt.Sprintf("bench.%02x.writers-%d.user%07d", i%256, writers, i))
	}
	return a, nil
}

func (a *rawAppender) run(ctx context.Context) (int, error) {
	for i := range a.appends {
		k := a.account(i)
		if err := a.settle(ctx, k); err != nil {
			return 0, err
		}
		var err error
		r := a.list[k].next(time.Now())
		m := &nats.Msg{Subject: a.subjects[k], Data: r.Append(make([]byte, 0, 256))}
		a.last[k], err = a.js.PublishMsgAsync(m, jetstream.WithExpectLastSequencePerSubject(uint64(r.Prev)), jetstream.WithStallWait(time.Minute))
		if err != nil {
			return 0, err
		}
	}
	for k := range a.last {
		if err := a.settle(ctx, k); err != nil {
			return 0, err
		}
	}
	return a.appends, nil
}

// account is whose the record is that is appended after i others. The writers that it
// stands for go round their shares of the accounts side by side, each time in another
// order, as clients do: in one that stays the server finds what it keeps of each subject
// beside that of the one before.
func (a *rawAppender) account(i int) int {
	turn := i % len(a.writers)
	if turn == 0 {
		rand.Shuffle(len(a.writers), func(i, j int) { a.writers[i], a.writers[j] = a.writers[j], a.writers[i] })
	}
	w := a.writers[turn]
	first, end := w*len(a.subjects)/len(a.writers), (w+1)*len(a.subjects)/len(a.writers)
	return first + i/len(a.writers)%(end-first)
}

// settle waits for the acknowledgement of the subject's last message.
func (a *rawAppender) settle(ctx context.Context, k int) error {
	if a.last[k] == nil {
		return nil
	}
	select {
	case ack := <-a.last[k].Ok():
		a.list[k].stored(events.Seq(ack.Sequence))
		a.last[k] = nil
		return nil
	case err := <-a.last[k].Err():
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}
