package metrics

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/capacity"
)

// How often the server is asked, how long an answer may take, and how old it may be when it
// is shown.
const (
	askEnd    = 2 * time.Second
	askRest   = 15 * time.Second
	endIn     = 1900 * time.Millisecond
	restIn    = 10 * time.Second
	endStale  = 3 * askEnd
	restStale = 3 * askRest
)

// An End is where the log ended when it was asked, and how far the table was then.
type End struct {
	At          time.Time // of the answer; zero: there was none yet
	Err         error     // of the last question; the other fields are of the last answer
	First, Last events.Seq
	Position    events.Seq // of the table, read after the answer
	// Unread is when the log stored the first record that the table does not have.
	// Zero if it has all.
	Unread   time.Time
	Unsynced error // why a stream takes nothing more; see bus.Bus.Unsynced
	// Moved is when the table's position was seen to change last, or to be at the end.
	Moved time.Time
	// Publisher is the process's publisher, if it has one.
	Publisher Behind
}

// A Behind is how far something that reads the log was.
type Behind struct {
	Known    bool
	Position events.Seq
	Unread   time.Time // as that of the table
}

// Lag is how many records the table had to read; false if nobody knows.
func (e *End) Lag(now time.Time) (records uint64, ok bool) {
	if e.IsCutOff(now) {
		return 0, false
	}
	return uint64(max(e.Last, e.Position) - e.Position), true
}

// IsCutOff reports that the last question was not answered, or the answer is old.
func (e *End) IsCutOff(now time.Time) bool {
	return e.Err != nil || e.At.IsZero() || now.Sub(e.At) > endStale
}

// A Rest is what is asked for less often. With an error nothing else of it is known.
type Rest struct {
	At        time.Time
	Streams   []bus.StreamState
	Feeds     []bus.Feed
	RoundTrip time.Duration
	Keyframe  time.Time      // when the log stored the record of the newest keyframe; zero: there is none
	Disk      *capacity.Disk // nil: nobody can tell
	Err       error
}

// A Probe asks the server what the table can't know, again and again. Each kind of
// question has a goroutine of its own, so that none waits for another.
type Probe struct {
	bus       *bus.Bus
	position  func() events.Position
	publisher Reader // nil: there is none
	disk      Disk

	end  atomic.Pointer[End]
	rest atomic.Pointer[Rest]
}

// A Reader reads the log beside the table, as a publisher does.
type Reader interface {
	Position() events.Seq
	Heartbeat() time.Time
}

// A Disk tells how much room the log has, nil if nobody can.
type Disk = func(context.Context) *capacity.Disk

// NewProbe returns one that asks when Run is called. position is the table's; publisher may
// be nil.
func NewProbe(b *bus.Bus, position func() events.Position, publisher Reader, disk Disk) *Probe {
	p := &Probe{bus: b, position: position, publisher: publisher, disk: disk}
	p.end.Store(&End{Moved: time.Now(), Err: errNotAsked})
	p.rest.Store(&Rest{Err: errNotAsked})
	return p
}

var errNotAsked = errors.New("the log was not asked yet")

// Run asks until ctx ends.
func (p *Probe) Run(ctx context.Context) {
	var g sync.WaitGroup
	g.Go(func() { again(ctx, askEnd, endIn, p.askEnd) })
	g.Go(func() { again(ctx, askRest, restIn, p.askRest) })
	g.Wait()
}

// again asks at once and then every so often.
func again(ctx context.Context, every, limit time.Duration, ask func(context.Context)) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		limited, cancel := context.WithTimeout(ctx, limit)
		ask(limited)
		cancel()
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// End is the newest answer.
func (p *Probe) End() *End { return p.end.Load() }

// Rest is the newest answer to the other questions.
func (p *Probe) Rest() *Rest { return p.rest.Load() }

func (p *Probe) askEnd(ctx context.Context) {
	before := p.end.Load()
	e := *before
	info, err := p.bus.Log().Info(ctx)
	now := time.Now()
	e.Position = p.position().Seq
	if e.Position != before.Position {
		e.Moved = now
	}
	if e.Err = err; err == nil {
		e.At, e.First, e.Last, e.Unread = now, info.First, info.Last, time.Time{}
		if e.Position >= e.Last {
			e.Moved = now
		} else if at, err := p.bus.Log().StoredAt(ctx, e.Position+1); err == nil {
			e.Unread = at
		} else if !errors.Is(err, events.ErrNotFound) {
			e.Err = err
		}
	}
	e.Unsynced = p.bus.Unsynced(ctx)
	e.Publisher = p.behind(ctx, &e)
	p.end.Store(&e)
}

// behind is how far the publisher is, if the log has just answered.
func (p *Probe) behind(ctx context.Context, e *End) (b Behind) {
	if p.publisher == nil || e.Err != nil {
		return b
	}
	if b.Position = p.publisher.Position(); b.Position >= e.Last {
		b.Known = true
		return b
	}
	var err error
	b.Unread, err = p.bus.Log().StoredAt(ctx, b.Position+1)
	b.Known = err == nil || errors.Is(err, events.ErrNotFound)
	return b
}

func (p *Probe) askRest(ctx context.Context) {
	r := &Rest{}
	var err error
	r.Streams, r.Err = p.bus.StreamStates(ctx)
	r.RoundTrip, err = p.bus.RoundTrip(ctx)
	r.Disk = p.disk(ctx)
	r.Feeds, _ = p.bus.Public().Feeds(ctx) // one that can't be asked for keeps nothing else from being told
	list, other := p.bus.Keyframes().List(ctx)
	for _, k := range list {
		if at := k.StoredAt(); at.After(r.Keyframe) {
			r.Keyframe = at
		}
	}
	r.Err, r.At = errors.Join(r.Err, err, other), time.Now()
	p.rest.Store(r)
}
