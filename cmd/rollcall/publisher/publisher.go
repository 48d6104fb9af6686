package publisher

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay/names"
	"github.com/rollcall-xmpp/rollcall/replay/public"
)

const (
	// most is how many records are published at once.
	most = 512
	// aside is for how long, at least, a process lets another one publish that was faster.
	aside = 200 * time.Millisecond
	// retryMost is the longest wait before another attempt.
	retryMost = 2 * time.Second
)

// Config says what is published, and how. All fields are needed.
type Config struct {
	Log       *bus.Log
	Public    *bus.Public
	Names     *names.Names
	Addresses Addresses
	Logger    *slog.Logger
}

// A Publisher publishes a log. Position and Heartbeat may be called by any goroutine.
type Publisher struct {
	Config
	suspected time.Time // since when the log seems to have lost its end; owned by Run
	began     bool      // something could be published; owned by Run

	position atomic.Uint64
	beat     atomic.Int64 // Unix nanoseconds
}

// New returns one that publishes when Run is called.
func New(c Config) *Publisher { return &Publisher{Config: c} }

// Position is the sequence up to which the stream is known to have the log.
func (p *Publisher) Position() events.Seq { return events.Seq(p.position.Load()) }

// Heartbeat is when the publisher went round last, even with nothing to do.
func (p *Publisher) Heartbeat() time.Time { return time.Unix(0, p.beat.Load()) }

func (p *Publisher) beats() { p.beat.Store(time.Now().UnixNano()) }

// Run publishes until ctx ends, and returns nil then. Where the log or the stream can't be
// reached it waits. Other errors are the operator's to mend: a stream that is published with
// other addresses, that can't be used, or for which there is no room. They are returned if
// they come before anything could be published, and otherwise logged: a process may have
// more to do.
func (p *Publisher) Run(ctx context.Context) error {
	reported := false
	for wait := 50 * time.Millisecond; ctx.Err() == nil; wait = min(2*wait, retryMost) {
		begun := p.Position()
		err := p.session(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case isPermanent(err) && !p.began:
			return err
		case p.Position() > begun:
			reported, wait = false, 50*time.Millisecond
		}
		if err != nil && !reported && !errors.Is(err, errAgain) {
			p.Logger.Warn("publishing is interrupted; trying again", "error", err)
			reported = true
		}
		p.beats()
		pause(ctx, wait)
	}
	return nil
}

// errAgain has everything looked at again.
var errAgain = errors.New("look again")

func isPermanent(err error) bool {
	return errors.Is(err, ErrAddresses) || errors.Is(err, bus.ErrMismatch) || errors.Is(err, bus.ErrNoSpace)
}

// session publishes from where the stream ends until something is not as it should be.
func (p *Publisher) session(ctx context.Context) error {
	info, stream, err := p.open(ctx)
	if err != nil {
		return err
	}
	p.began = true
	ctx, stop := context.WithCancel(ctx)
	r := follow(ctx, p.Log.Beating(p.beats), max(stream.Last, max(info.First, 1)-1))
	defer r.wait()
	defer stop()
	w := writer{
		Publisher: p, passed: stream, size: most,
		encoder: public.NewEncoder(public.SourceOf(info), public.Source{}, public.Options{Addresses: p.Addresses.form()}),
	}
	w.reached(stream.Last)
	for {
		if err := r.fill(ctx, w.size); err != nil {
			return err
		}
		if err := w.write(ctx, r.batch); err != nil {
			return err
		}
	}
}

// pause waits for a time and up to half as long again, so that those who wait for the same don't meet
// again.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d + rand.N(d/2))
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
