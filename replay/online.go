package replay

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector/keyframe"
)

const (
	// fewOnline is how many records are folded for a curve, about, rather than its points
	// being taken from keyframes.
	fewOnline = 4 * keyframe.Interval
	// frameReaders is how many keyframes are looked at at once.
	frameReaders = 8
)

// A Curve is how many sessions there were over a span of time.
type Curve struct {
	Since, Until time.Time // less than was asked for if the log has less
	// Exact tells that each point begins a step, and that the most of each is known.
	// Otherwise the points in between are those at which there are keyframes.
	Exact  bool
	Whole  bool // of the first point, as Past.Whole
	Points []Point

	info events.Info
	step time.Duration
}

// A Point is how many there were after a record, until the next point: sessions that are not
// closed, among them those that have no resource yet and those that wait to be resumed.
type Point struct {
	At           time.Time  `json:"at"`
	Seq          events.Seq `json:"seq"` // of the newest record by then; 0: there was none
	Sessions     int        `json:"sessions"`
	Accounts     int        `json:"accounts"`      // that have them
	MostSessions int        `json:"most_sessions"` // at any moment up to the next point, as far as is known
	MostAccounts int        `json:"most_accounts"`
}

// Online tells how many sessions there were from one instant to another, by as many points
// about. A short span is folded, and has a point at each of as many equal steps. Of a long
// one the first and the last point are exact, and those in between are at keyframes, at most
// one in each step, whose heads tell it: they are exact, too, but at times of their own. It
// reads the tables of both ends, and nothing that lies between. It fails as At does, but for
// the part that is before the log's beginning or after its end, which is left out.
func Online(ctx context.Context, from Archive, since, until time.Time, steps int) (*Curve, error) {
	return online(ctx, from, since, until, steps, fewOnline)
}

// online does so; few is how many records are folded.
func online(ctx context.Context, from Archive, since, until time.Time, steps int, few events.Seq) (*Curve, error) {
	info, err := from.Info(ctx)
	if err != nil {
		return nil, fmt.Errorf("ask for the log's end: %w", err)
	}
	c := &Curve{Since: since, Until: until, Points: []Point{}, info: info}
	if c.Since.Before(info.FirstAt) {
		c.Since = info.FirstAt
	}
	end := Moment{Time: until}
	if until.IsZero() || !until.Before(info.Now) {
		c.Until, end = info.Now, Moment{}
	}
	if info.Records == 0 || !c.Since.Before(c.Until) {
		c.Exact, c.Whole, c.Until = true, whole(info), c.Since
		return c, nil
	}
	past, err := At(ctx, from, Moment{Time: c.Since})
	if err != nil {
		return nil, err
	}
	c.Whole, c.step = past.Whole, max(c.Until.Sub(c.Since)/time.Duration(max(steps, 1)), 1)
	list, err := c.places(ctx, from, past.Position().Seq)
	if err != nil {
		return nil, err
	}
	if c.Exact = c.isShort(list, past.Position().Seq, few); c.Exact {
		return c, c.fold(ctx, from, past)
	}
	c.add(pointOf(past, c.Since))
	if err := c.frames(ctx, from, list); err != nil {
		return nil, err
	}
	if past, err = At(ctx, from, end); err != nil {
		return nil, err
	}
	c.add(pointOf(past, c.Until))
	return c, nil
}

// places lists the keyframes of this log behind a record.
func (c *Curve) places(ctx context.Context, from Archive, after events.Seq) ([]events.Keyframe, error) {
	if from.Keyframes == nil {
		return nil, nil
	}
	list, err := from.Keyframes.List(ctx)
	if err != nil {
		return nil, fmt.Errorf("keyframes: %w", err)
	}
	return slices.DeleteFunc(list, func(k events.Keyframe) bool {
		return !keyframe.Reads(k.Format) || k.Created != c.info.Created.UnixNano() || k.Seq <= after || k.Seq > c.info.Last
	}), nil
}

func pointOf(p *Past, at time.Time) Point {
	sessions, accounts := p.Counts()
	return Point{at.UTC(), p.Position().Seq, sessions, accounts, sessions, accounts}
}

func (c *Curve) add(p Point) { c.Points = append(c.Points, p) }

// isShort reports that few records are between the span's beginning, which is after a record,
// and its end, as far as the keyframes in between and the one behind it tell.
func (c *Curve) isShort(list []events.Keyframe, after, few events.Seq) bool {
	end := c.info.Last
	if i := slices.IndexFunc(list, func(k events.Keyframe) bool { return !k.StoredAt().Before(c.Until) }); i >= 0 {
		end = list[i].Seq
	}
	return len(list) == 0 || end <= after+few
}

// fold takes the points from the records.
func (c *Curve) fold(ctx context.Context, log events.Log, past *Past) error {
	next := c.Since
	reach := func(now time.Time) { // begins all steps up to an instant
		for ; !next.After(now); next = next.Add(c.step) {
			c.add(pointOf(past, next))
		}
	}
	reach(next)
	r := events.Range{After: past.Position().Seq, To: c.info.Last, Until: c.Until.Add(1)}
	for st, err := range events.Unbroken(ctx, log, r) {
		if at, err := storedAt(st, err); err == nil {
			reach(time.Unix(0, at-1)) // a record that is stored when a step begins counts in it
		}
		if err := past.take(st, err); err != nil {
			return err
		}
		if last := &c.Points[len(c.Points)-1]; err == nil && st.StoredAt().Before(next) {
			sessions, accounts := past.Counts()
			last.MostSessions, last.MostAccounts = max(last.MostSessions, sessions), max(last.MostAccounts, accounts)
		}
	}
	if err := ctx.Err(); err != nil {
		return Span{}.reading(err)
	}
	reach(c.Until)
	return nil
}

// frames takes points from the heads of keyframes: the last one of each step.
func (c *Curve) frames(ctx context.Context, from Archive, list []events.Keyframe) error {
	var chosen []events.Keyframe
	stepOf := func(k events.Keyframe) time.Duration { return k.StoredAt().Sub(c.Since) / c.step }
	for _, k := range list {
		switch n := len(chosen); {
		case !k.StoredAt().Before(c.Until):
		case n > 0 && stepOf(chosen[n-1]) == stepOf(k):
			chosen[n-1] = k
		default:
			chosen = append(chosen, k)
		}
	}
	heads := make([]*keyframe.Head, len(chosen))
	g, look := errgroup.WithContext(ctx)
	g.SetLimit(frameReaders)
	for i, k := range chosen {
		g.Go(func() (err error) {
			heads[i], err = from.head(look, k)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return fmt.Errorf("keyframes: %w", err)
	}
	heads = slices.DeleteFunc(heads, func(h *keyframe.Head) bool { return h == nil })
	heads, err := from.ofThisLog(ctx, c.info, heads)
	for _, h := range heads {
		c.add(Point{time.Unix(0, h.At).UTC(), h.Seq, h.Sessions, h.Accounts, h.Sessions, h.Accounts})
	}
	return err
}

// head reads the head of a keyframe; nil if that is no good, or removed meanwhile.
func (a Archive) head(ctx context.Context, k events.Keyframe) (*keyframe.Head, error) {
	if h := a.Memory.head(k); h != nil {
		return h, nil
	}
	data, err := a.Keyframes.Peek(ctx, k)
	if err == nil {
		var h keyframe.Head
		if h, err = keyframe.DecodeHead(data); err == nil && h.Name() == k {
			a.Memory.keepHead(k, &h)
			return &h, nil
		}
	}
	if errors.Is(err, events.ErrUnavailable) || ctx.Err() != nil {
		return nil, errors.Join(err, ctx.Err())
	}
	return nil, nil
}

// ofThisLog leaves out those of records that the log no longer has, for it was cut: if it
// has the record of one, it has had those of all before.
func (a Archive) ofThisLog(ctx context.Context, info events.Info, heads []*keyframe.Head) ([]*keyframe.Head, error) {
	for n := len(heads); n > 0; n-- {
		h := heads[n-1]
		if h.Seq < info.First {
			return heads[:n], nil
		}
		for st, err := range a.Read(ctx, events.Range{After: h.Seq - 1, To: h.Seq}) {
			if err != nil && !events.IsPoison(err) {
				return nil, Span{}.reading(err)
			}
			if err == nil && st.ID == h.ID && st.At == h.At {
				return heads[:n], nil
			}
		}
	}
	return nil, ctx.Err()
}
