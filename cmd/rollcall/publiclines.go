package main

import (
	"context"
	"errors"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay/names"
	"github.com/rollcall-xmpp/rollcall/replay/public"
)

// publicBatch is how many records are written at once where nobody waits for each.
const publicBatch = 1000

// publicRetry is how long to wait before pseudonyms that could not be reached are asked
// for again.
const publicRetry = 100 * time.Millisecond

// publicLines writes records in the published form, a line each, and with all that the
// log has of them: whoever can use the command line can read that.
type publicLines struct {
	con     *console
	encoder *public.Encoder
	names   *names.Names
	batch   []*events.Stored
	limit   int
	line    []byte
}

func newPublicLines(ctx context.Context, con *console, b *bus.Bus) (*publicLines, error) {
	log, err := b.Log().Info(ctx)
	if err != nil {
		return nil, err
	}
	pre, err := b.Pre().Info(ctx)
	if err != nil {
		return nil, err
	}
	return &publicLines{
		con: con, names: names.New(b.Names(), b.Log()).Lenient(), limit: publicBatch,
		encoder: public.NewEncoder(public.SourceOf(log), public.SourceOf(pre), public.Options{Whole: true}),
	}, nil
}

// write takes a record, which must not change until the next flush.
func (p *publicLines) write(ctx context.Context, st *events.Stored) error {
	if p.batch = append(p.batch, st); len(p.batch) < p.limit {
		return nil
	}
	for {
		err := p.flush(ctx)
		if p.limit > 1 || !errors.Is(err, events.ErrUnavailable) {
			return err
		}
		// Whoever follows the log waits for pseudonyms as long as for records.
		select {
		case <-time.After(publicRetry):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// damaged writes what stands for a record that can't be decoded.
func (p *publicLines) damaged(ctx context.Context, poison *events.PoisonError) error {
	if err := p.flush(ctx); err != nil {
		return err
	}
	_, err := p.con.out.Write(append(p.encoder.AppendDamaged(p.line[:0], poison), '\n'))
	return err
}

// flush writes the records that were taken.
func (p *publicLines) flush(ctx context.Context) error {
	who := make([]names.Pseudonym, len(p.batch))
	if err := p.names.OfAll(ctx, p.batch, who); err != nil {
		return err
	}
	p.line = p.line[:0]
	for i, st := range p.batch {
		p.line = append(p.encoder.Append(p.line, st, who[i]), '\n')
	}
	p.batch = p.batch[:0]
	_, err := p.con.out.Write(p.line)
	return err
}
