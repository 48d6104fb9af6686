package projector

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector/keyframe"
	"github.com/rollcall-xmpp/rollcall/session"
)

// firstPause and lastPause bound the wait until a log that can't be reached is
// asked again.
const (
	firstPause = 50 * time.Millisecond
	lastPause  = 2 * time.Second
)

// Config is what a Projector needs. Log and Table are required.
type Config struct {
	Log   events.Log
	Table *Table
	// Observe is told of every record that is stored after Run began, in their
	// order, with its account before and after it, when the table shows it and
	// before WaitFor releases anybody. It holds up the fold, so it must not
	// wait. st is valid until it returns. Nil: nobody is told.
	Observe func(before, after *session.Account, st *events.Stored)
	// Keyframes, if not nil, are what an empty Table begins with, so that only the
	// records behind the newest one are folded.
	Keyframes events.Keyframes
	// Write makes Run write keyframes of the table, too, while it folds.
	Write bool
	// Logger is told what an operator should see; nil: nobody is told.
	Logger *slog.Logger
}

// A beater is a log that tells that whoever follows it goes round; see bus.Log.Beating.
type beater interface {
	Beating(beat func()) events.Log
}

// A Projector folds a log into a table for as long as it runs.
type Projector struct {
	cfg      Config
	frames   *keyframer    // nil if it writes none; Run's
	filled   chan struct{} // closed when keyframes of the past are there; nil before they are looked for; Run's
	live     events.Seq    // what comes after it is the live tail; Run's
	caughtUp chan struct{}
	stopped  chan struct{} // closed when Run has returned
	beaten   atomic.Int64  // when the fold went round last, Unix nanoseconds
}

// New returns a Projector. The error says what the configuration lacks.
func New(c Config) (*Projector, error) {
	if c.Log == nil || c.Table == nil {
		return nil, errors.New("projector: Log and Table are required")
	}
	if c.Observe == nil {
		c.Observe = func(_, _ *session.Account, _ *events.Stored) {}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	p := &Projector{cfg: c, caughtUp: make(chan struct{}), stopped: make(chan struct{})}
	p.beat()
	if log, ok := c.Log.(beater); ok {
		p.cfg.Log = log.Beating(p.beat)
	}
	return p, nil
}

func (p *Projector) beat() { p.beaten.Store(time.Now().UnixNano()) }

// Heartbeat is when the goroutine that folds went round last, or began, even if there
// was nothing to fold or the log could not be reached. It stands still with a
// log that does not tell.
func (p *Projector) Heartbeat() time.Time { return time.Unix(0, p.beaten.Load()) }

// CaughtUp is closed when the table shows everything that was stored when Run
// began. Until then the table answers with the past.
func (p *Projector) CaughtUp() <-chan struct{} { return p.caughtUp }

// CatchUp waits for CaughtUp. It fails with ErrStopped if Run returns before, or
// with the error of ctx.
func (p *Projector) CatchUp(ctx context.Context) error {
	select {
	case <-p.caughtUp:
		return nil
	case <-p.stopped:
		return ErrStopped
	case <-ctx.Done():
		return ctx.Err()
	}
}

// WaitFilled waits for CaughtUp and then, with Config.Write, until the keyframes are written
// that the past missed, or can't be. It fails as CatchUp does.
func (p *Projector) WaitFilled(ctx context.Context) error {
	if err := p.CatchUp(ctx); err != nil || p.filled == nil {
		return err
	}
	select {
	case <-p.filled:
		return nil
	case <-p.stopped:
		return ErrStopped
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Run folds until ctx ends and then returns nil. It goes on over interruptions;
// the only errors are those after which the log can't be followed, as when it
// is not the one that was read before. Run is called once: afterwards WaitFor
// fails with ErrStopped.
func (p *Projector) Run(ctx context.Context) error {
	defer close(p.stopped)
	defer p.cfg.Table.watermark.stop()
	info, err := p.info(ctx)
	if ctx.Err() != nil {
		return nil
	}
	if err != nil {
		return fmt.Errorf("follow the log: %w", err)
	}
	base, err := p.restore(ctx, info)
	if ctx.Err() != nil {
		return nil
	}
	if err != nil {
		return fmt.Errorf("begin with a keyframe: %w", err)
	}
	ctx, end := context.WithCancel(ctx)
	p.begin(ctx, info, base)
	defer p.endWriting(end)
	for st, err := range p.cfg.Log.Follow(ctx, p.cfg.Table.Position().Seq) {
		if err == nil {
			p.fold(ctx, st)
		} else if err := p.pass(ctx, err); err != nil {
			return fmt.Errorf("follow the log: %w", err)
		}
	}
	return nil
}

// restore fills the table from a keyframe, if it may and there is one. A store that
// can't be reached is waited for like the log: to fold the whole log instead may take
// minutes.
func (p *Projector) restore(ctx context.Context, info events.Info) (*keyframe.Head, error) {
	if p.cfg.Keyframes == nil || p.cfg.Table.Position().Seq > 0 {
		return nil, nil
	}
	from := Restoration{Log: p.cfg.Log, Keyframes: p.cfg.Keyframes, Info: info, Passed: p.cfg.passed(ctx)}
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		p.beat()
		h, err := from.Fill(ctx, p.cfg.Table)
		if !errors.Is(err, events.ErrUnavailable) {
			return h, err
		}
		p.cfg.Logger.Warn("the keyframes can't be reached; trying again", "err", err)
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pause):
		}
	}
}

// passed is told of keyframes that can't be used. One that never can be, for it is damaged
// or of a log that was cut and went on, is removed, so that somebody can write it again.
func (c Config) passed(ctx context.Context) func(events.Keyframe, error) {
	return func(k events.Keyframe, err error) {
		c.Logger.Warn("a keyframe can't be used and is passed over", "seq", k.Seq, "of", k.StoredAt().UTC().Format(time.RFC3339), "err", err)
		if !c.Write || !errors.Is(err, events.ErrDamaged) && !errors.Is(err, events.ErrRewound) {
			return
		}
		if err := c.Keyframes.Remove(ctx, k); err != nil && ctx.Err() == nil {
			c.Logger.Warn("it can't be removed", "seq", k.Seq, "err", err)
		}
	}
}

// info asks until the log answers.
func (p *Projector) info(ctx context.Context) (events.Info, error) {
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		p.beat()
		info, err := p.cfg.Log.Info(ctx)
		if !errors.Is(err, events.ErrUnavailable) {
			return info, err
		}
		p.cfg.Logger.Warn("the log can't be reached; trying again", "err", err)
		select {
		case <-ctx.Done():
			return info, err
		case <-time.After(pause):
		}
	}
}

// begin sets the border between the past and the live tail.
func (p *Projector) begin(ctx context.Context, info events.Info, base *keyframe.Head) {
	t := p.cfg.Table
	if p.cfg.Keyframes != nil && p.cfg.Write {
		p.frames = newKeyframer(p.cfg, t)
		p.frames.begin(info, base)
	}
	t.watermark.follow(info.Stream)
	t.mu.Lock()
	t.stats.retention = info.MaxAge
	t.mu.Unlock()
	p.live = info.Last
	if info.Records == 0 {
		// Retention may have removed all records, and then none will come to
		// tell.
		t.pass(info.Last)
	}
	p.arrive(ctx, t.Position().Seq)
}

func (p *Projector) fold(ctx context.Context, st *events.Stored) {
	// One of connectors changes no account, and is a record like any other to keyframes.
	isFramed := p.frames != nil && st.Seq > p.cfg.Table.folded
	if isFramed {
		p.frames.before(ctx, st, false)
	}
	before, after := p.cfg.Table.show(st)
	if isFramed {
		p.frames.after(ctx, st, false)
	}
	if st.Seq > p.live && after != before {
		p.cfg.Observe(before, after, st)
	}
	p.cfg.Table.watermark.advance(st.Seq)
	p.arrive(ctx, st.Seq)
}

// pass takes care of an error that the fold can go on after, and returns any
// other.
func (p *Projector) pass(ctx context.Context, err error) error {
	switch poison, passed := errors.AsType[*events.PoisonError](err); {
	case passed:
		p.cfg.Table.Skip(poison)
		p.cfg.Logger.Error("a record can't be read and is passed over", "seq", poison.Seq, "err", poison.Err)
		p.arrive(ctx, poison.Seq)
		return nil
	case errors.Is(err, events.ErrUnavailable):
		p.cfg.Logger.Warn("the log can't be reached; the table stands still until it is back", "err", err)
		return nil
	}
	return err
}

// endWriting ends the keyframes at work: nobody waits for them when the log is gone.
func (p *Projector) endWriting(end context.CancelFunc) {
	end()
	if p.frames == nil {
		return
	}
	p.frames.wait()
	if p.filled != nil {
		<-p.filled
	}
}

// arrive closes caughtUp when the border is reached.
func (p *Projector) arrive(ctx context.Context, at events.Seq) {
	if at < p.live {
		return
	}
	select {
	case <-p.caughtUp:
	default:
		if p.frames != nil {
			p.filled = make(chan struct{})
			go fillBehind(ctx, p.cfg, at, p.filled) // Run waits for it
		}
		close(p.caughtUp)
	}
}
