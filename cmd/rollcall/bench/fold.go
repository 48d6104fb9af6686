package bench

import (
	"context"
	"errors"
	"sync"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector"
)

// runFold measures how fast a stored history becomes a table. Raw is an ordered
// consumer that only counts.
func (b *Bench) runFold(ctx context.Context) error {
	info, err := b.bus.Log().Info(ctx)
	if err != nil {
		return err
	}
	if missing := b.Events - int(info.Records); missing > 0 {
		b.Say("writing a history of %d transitions ...", b.Events)
		list := make([]*looper, max(b.Accounts, b.Events/10))
		for i := range list {
			list[i] = newLooper(2_000_000 + i)
		}
		if err := appendTransitions(ctx, b.bus.Log(), list, missing, b.Writers); err != nil {
			return err
		}
	}
	if info, err = b.bus.Log().Info(ctx); err != nil {
		return err
	}
	return b.compare(ctx, "fold a stored log into the table", func(ctx context.Context) (int, error) {
		_, err := tableOf(ctx, info, projector.Config{Log: b.bus.Log()})
		return int(info.Records), err
	}, func(ctx context.Context) (int, error) {
		return int(info.Records), b.countAll(ctx, info)
	})
}

// tableOf runs a projector on a new table until that has the log's last record.
func tableOf(ctx context.Context, info events.Info, cfg projector.Config) (*projector.Table, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cfg.Table = projector.NewTable()
	p, err := projector.New(cfg)
	if err != nil {
		return nil, err
	}
	var g errgroup.Group
	g.Go(func() error { return p.Run(ctx) })
	err = cfg.Table.WaitFor(ctx, events.Position{Stream: info.Stream, Seq: info.Last})
	if err == nil && cfg.Write {
		err = p.WaitFilled(ctx)
	}
	cancel()
	return cfg.Table, errors.Join(err, g.Wait())
}

// countAll reads the whole log with an ordered consumer.
func (b *Bench) countAll(ctx context.Context, info events.Info) error {
	return b.count(ctx, info.Stream, uint64(info.First), info.Records)
}

// count reads n messages from a sequence on.
func (b *Bench) count(ctx context.Context, stream string, from, n uint64) error {
	cons, err := b.js.OrderedConsumer(ctx, stream, jetstream.OrderedConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: from,
	})
	if err != nil {
		return err
	}
	var once sync.Once
	done := make(chan struct{})
	read := uint64(0)
	consuming, err := cons.Consume(func(jetstream.Msg) {
		if read++; read == n {
			once.Do(func() { close(done) })
		}
	})
	if err != nil {
		return err
	}
	defer consuming.Stop()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
