package verify

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector"
	"github.com/rollcall-xmpp/rollcall/replay"
)

// Config is what is checked. Log is required.
type Config struct {
	Log events.Log
	// Keyframes of the log; nil: there are none, and only the log is checked.
	Keyframes events.Keyframes
	// Since is the moment from which on the log is checked, or a little before it:
	// the keyframe there is believed. Zero: all that the log has.
	Since replay.Moment
	// Read is told of each record that was read, and how many there are at most, by
	// any goroutine; nil: nobody is.
	Read func(of uint64)
}

// A Report says what was found. It changes by Extend only.
type Report struct {
	Tally
	After     events.Seq       // what came up to this record was not checked
	Accounts  int              // that had a record in the part checked
	Keyframes int              // that are what the log gives
	Wrong     int              // that are not; each is among the Faults, if there is room
	Passed    []Unusable       // those that could not be read
	Table     *projector.Table // after the last record
	Begins    int64            // of that table, as replay.Past's: 0 if it is whole

	v *verifier
}

// An Unusable keyframe was passed over.
type Unusable struct {
	events.Keyframe
	Err error // wraps events.ErrDamaged, keyframe.ErrFormat or events.ErrRewound
}

// A verifier goes through a log.
type verifier struct {
	Config
	info  events.Info
	began time.Time
	parts []*part
	chain *chain        // the merging goroutine's
	room  chan struct{} // has a token for each part that was claimed and is not merged yet
	lost  atomic.Int64  // records that are missing though the log's age did not remove them

	mu      sync.Mutex
	claimed int              // parts that somebody has begun, or is about to
	largest int              // sessions in a table so far
	first   *projector.Table // with which the first part begins
	table   *projector.Table // after the last part
}

// Run checks a log up to its end at that time. An error means that it could not be
// read; what is wrong with it is in the report.
func Run(ctx context.Context, c Config) (*Report, error) {
	if c.Read == nil {
		c.Read = func(uint64) {}
	}
	workers := runtime.GOMAXPROCS(0)
	v := &verifier{Config: c, chain: newChain(), began: time.Now(), room: make(chan struct{}, 4*workers)}
	r := &Report{v: v}
	if err := v.plan(ctx, r); err != nil {
		return nil, err
	}
	g, ctx := errgroup.WithContext(ctx)
	for n := range workers {
		g.Go(func() error { return v.work(ctx, n) })
	}
	g.Go(func() error { return v.merge(ctx, r) })
	if err := g.Wait(); err != nil {
		return nil, err
	}
	r.Table, r.Begins = v.table, v.parts[len(v.parts)-1].begins
	return r, nil
}

// Extend checks on, up to and including the record at a sequence. It fails with
// replay.ErrFuture if the log ends before.
func (r *Report) Extend(ctx context.Context, to events.Seq) error {
	last := r.v.parts[len(r.v.parts)-1]
	if to <= last.to {
		return nil
	}
	info, err := r.v.Log.Info(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("ask for the log's end: %w", err)
	case to > info.Last:
		return fmt.Errorf("sequence %d: %w: the log ends at %d", to, replay.ErrFuture, info.Last)
	}
	p := newPart(nil, last.to)
	p.to, p.begins = to, last.begins
	if err := r.v.fold(ctx, p, r.Table); err != nil {
		return err
	}
	r.v.parts = append(r.v.parts, p)
	return r.v.join(ctx, p, r)
}

// merge puts together what the parts tell, in their order.
func (v *verifier) merge(ctx context.Context, r *Report) error {
	for i, p := range v.parts {
		if err := await(ctx, p.done); err != nil {
			return err
		}
		if err := v.join(ctx, p, r); err != nil {
			return err
		}
		if i+1 < len(v.parts) {
			if err := v.compare(ctx, i, r); err != nil {
				return err
			}
		}
		<-v.room
	}
	return nil
}

func await(ctx context.Context, done <-chan struct{}) error {
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// join adds a part's records to the chain and to the report.
func (v *verifier) join(ctx context.Context, p *part, r *Report) error {
	v.chain.passPoison(p.poison...)
	type loose struct {
		link
		below   events.Seq
		verdict verdict
	}
	var all []loose
	for h, l := range p.links {
		last := v.chain.last[h]
		v.chain.last[h] = l.last
		verdict, err := v.weigh(ctx, v.chain.judge(l.prev, last), l.at, l.prev, last)
		if err != nil {
			return err
		}
		if verdict != onTop {
			all = append(all, loose{l, last, verdict})
		}
	}
	slices.SortFunc(all, func(a, b loose) int { return cmp.Compare(a.first, b.first) })
	for i, l := range all {
		f := Fault{After: p.after, To: p.to, Seq: l.first, At: l.at}
		if i < maxFaults {
			var err error
			if f.Text, err = v.describe(ctx, l.link, l.below); err != nil {
				return err
			}
		}
		p.mismatch(l.verdict, f)
	}
	slices.SortStableFunc(p.Faults, func(a, b Fault) int { return cmp.Compare(a.Seq, b.Seq) })
	p.links = nil
	r.add(&p.Tally)
	r.Accounts = v.chain.accounts()
	return nil
}

// describe says of a part's first record of an account what is wrong with it.
func (v *verifier) describe(ctx context.Context, l link, last events.Seq) (string, error) {
	for st, err := range events.Intact(v.Log.Read(ctx, events.Range{After: l.first - 1, To: l.first})) {
		if err != nil {
			return "", fmt.Errorf("read record %d: %w", l.first, err)
		}
		return offTop(st, last), nil
	}
	return fmt.Sprintf("it was appended after %d, but %d came before it", l.prev, last), ctx.Err()
}

// missing decides about a record that others say was there. The question is one to the
// server: a log that has lost very much is not asked about all of it.
func (v *verifier) missing(ctx context.Context, prev events.Seq) (verdict, error) {
	if v.info.MaxAge == 0 || v.lost.Load() > maxFaults {
		return lost, nil
	}
	info, err := v.Log.Info(ctx)
	if err != nil {
		return lost, fmt.Errorf("ask where the log begins: %w", err)
	}
	if prev < info.First {
		return onTop, nil
	}
	v.lost.Add(1)
	return lost, nil
}

// weigh decides about a record that says that its account has no history: there was
// some, but retention has removed it when the record came, if it has by now. And about one
// that was appended on top of a record that is not there: it is not lost if retention has
// removed it since the check began.
func (v *verifier) weigh(ctx context.Context, verdict verdict, at int64, prev, last events.Seq) (verdict, error) {
	switch {
	case verdict == lost:
		return v.missing(ctx, prev)
	case verdict != renewed:
		return verdict, nil
	case last < v.info.First:
		return onTop, nil
	case v.info.MaxAge == 0 || at < v.began.Add(-skew).UnixNano():
		return foreign, nil // what came before it is there still, and was then
	}
	info, err := v.Log.Info(ctx)
	if err != nil {
		return verdict, fmt.Errorf("ask where the log begins: %w", err)
	}
	if last < info.First {
		return onTop, nil
	}
	return foreign, nil
}
