package publisher

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay/public"
)

// suspicion is for how long the log must seem to have lost its end before that is believed: a
// leader that was cut off from its cluster may not know it yet.
const suspicion = 10 * time.Second

// open finds the log and the stream, which is made if there is none, and made anew if it is of
// another log.
func (p *Publisher) open(ctx context.Context) (events.Info, bus.PublicState, error) {
	stream, err := p.Public.State(ctx) // before the log, whose end may not be before the stream's
	missing := errors.Is(err, events.ErrNotFound)
	if err != nil && !missing {
		return events.Info{}, stream, err
	}
	log, err := p.Log.Info(ctx)
	if err != nil {
		return log, stream, err
	}
	if missing {
		if err := p.Public.Make(ctx, public.SourceOf(log).String(), string(p.Addresses), log.First); err != nil {
			return log, stream, err
		}
		return log, stream, errAgain // another process may have been faster
	}
	why, err := p.foreign(ctx, log, stream)
	switch {
	case err != nil:
		return log, stream, err
	case why != "":
		p.Logger.Warn("RC_PUBLIC is begun anew from the log's first record; whoever reads it gets all of it again", "because", why)
		if err := p.Public.Remake(ctx, stream, public.SourceOf(log).String(), string(p.Addresses), log.First); err != nil {
			return log, stream, err
		}
		return log, stream, errAgain
	case stream.Addresses != string(p.Addresses):
		return log, stream, fmt.Errorf("%w: RC_PUBLIC has %q and this process is to publish %q; all need the same, or remove the stream RC_PUBLIC and it is made anew",
			ErrAddresses, stream.Addresses, p.Addresses)
	}
	return log, stream, p.Public.Limit(ctx)
}

// foreign says why the stream is not of this log; "" if it is.
func (p *Publisher) foreign(ctx context.Context, log events.Info, stream bus.PublicState) (why string, err error) {
	source := public.SourceOf(log).String()
	if stream.Source != source {
		return "the log is another one", nil
	}
	if stream.Last > log.Last {
		if p.suspected.IsZero() {
			p.suspected = time.Now()
		}
		if time.Since(p.suspected) < suspicion {
			return "", fmt.Errorf("%w: RC_PUBLIC ends at %d and the log at %d", events.ErrUnavailable, stream.Last, log.Last)
		}
		p.suspected = time.Time{}
		return fmt.Sprintf("the log ends at %d and it at %d", log.Last, stream.Last), nil
	}
	p.suspected = time.Time{}
	if stream.Messages == 0 || stream.Last < log.First {
		return "", nil
	}
	seq, itsSource, id, err := p.Public.Newest(ctx)
	if err != nil {
		return "", err
	}
	if itsSource != source {
		return "it has events of another log", nil
	}
	for st, err := range p.Log.Read(ctx, events.Range{After: seq - 1, To: seq}) {
		switch {
		case errors.As(err, new(*events.PoisonError)):
		case err != nil:
			return "", err
		case st.ID.String() != id && !isPlace(id):
			return fmt.Sprintf("the log has another record at %d", seq), nil
		}
	}
	return "", ctx.Err()
}

// isPlace reports the id of an event without a record, which is its sequence.
func isPlace(id string) bool { return len(id) == len("00000000000000000000") }
