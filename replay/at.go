package replay

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector"
	"github.com/rollcall-xmpp/rollcall/projector/keyframe"
	"github.com/rollcall-xmpp/rollcall/session"
)

// An Archive is what the past is read from.
type Archive struct {
	events.Log
	// Keyframes, if not nil, save reading the log from its beginning.
	Keyframes events.Keyframes
	// Passed is told of keyframes that can't be used, as projector.Restoration's is.
	Passed func(events.Keyframe, error)
	// Memory, if not nil, makes a question about the table of a moment cheap that is near
	// one that was asked about. It is for archives of one log.
	Memory *Memory
}

// Past is the table as it was at a moment. It changes by Extend only.
type Past struct {
	*projector.Table
	// Whole tells that the log was read from its very beginning. If not, sessions
	// that began in the part that retention has removed are missing up to the
	// record that repeats them.
	Whole bool
	// Begins is when the first record that was left was stored, or, if none was
	// left, when it was looked for, Unix nanoseconds; 0 if it is Whole. Sessions
	// that began then or later are all there.
	Begins int64
}

// At returns the table as it was, from the newest keyframe before that moment, or from a
// table that the archive's Memory has of a later one. It fails with ErrFuture or
// ErrForgotten if the archive can't know.
func At(ctx context.Context, from Archive, m Moment) (*Past, error) {
	end, err := from.Memory.turn(ctx, m)
	if err != nil {
		return nil, err
	}
	defer end()
	info, err := look(ctx, from, m)
	if err != nil {
		return nil, err
	}
	r := m.until(events.Range{}, info)
	s, err := from.search(ctx, info, r)
	if errors.Is(err, errOther) {
		from.Memory.forget()
		from.Memory = nil
		s, err = from.search(ctx, info, r)
	}
	if err != nil {
		return nil, err
	}
	return &s.Past, nil
}

// within reports a keyframe that is not behind the range's end.
func within(k events.Keyframe, r events.Range) bool {
	return k.Seq <= r.To && (r.Until.IsZero() || k.StoredAt().Before(r.Until))
}

// restore fills an empty table from the newest keyframe that is wanted; nil if there
// is none.
func (a Archive) restore(ctx context.Context, t *projector.Table, info events.Info, wanted func(events.Keyframe) bool) (*keyframe.Head, error) {
	if a.Keyframes == nil {
		return nil, nil
	}
	return projector.Restoration{Log: a, Keyframes: a.Keyframes, Info: info, Wanted: wanted, Passed: a.Passed}.Fill(ctx, t)
}

// Knows reports that all sessions of a moment are known: the log has forgotten nothing,
// or there is a keyframe of before. Whether that can be read is not looked at.
func (a Archive) Knows(ctx context.Context, m Moment) (bool, error) {
	info, err := a.Info(ctx)
	if err != nil || whole(info) || a.Keyframes == nil {
		return whole(info), err
	}
	r := m.until(events.Range{}, info)
	list, err := a.Keyframes.List(ctx)
	return slices.ContainsFunc(list, func(k events.Keyframe) bool {
		return keyframe.Reads(k.Format) && k.Created == info.Created.UnixNano() && k.Seq+1 >= info.First && within(k, r)
	}), err
}

// Extend folds on, up to and including the record at a sequence. It fails with
// ErrFuture if the log ends before.
func (p *Past) Extend(ctx context.Context, log events.Log, to events.Seq) error {
	info, err := log.Info(ctx)
	switch at := p.Position().Seq; {
	case err != nil:
		return fmt.Errorf("ask for the log's end: %w", err)
	case to > info.Last:
		return Moment{Seq: to}.check(ctx, log, info)
	case to <= at:
		return nil
	default:
		return p.fold(ctx, log, events.Range{After: at, To: to})
	}
}

// fold reads records into the table.
func (p *Past) fold(ctx context.Context, log events.Log, r events.Range) error {
	for st, err := range events.Unbroken(ctx, log, r) {
		if err := p.take(st, err); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return Span{}.reading(err)
	}
	return nil
}

// take folds a record, or passes over one that can't be decoded.
func (p *Past) take(st *events.Stored, err error) error {
	switch poison, passed := errors.AsType[*events.PoisonError](err); {
	case passed:
		p.Begins = min(p.Begins, poison.At)
		p.Skip(poison)
	case err != nil:
		return Span{}.reading(err)
	default:
		p.Begins = min(p.Begins, st.At)
		p.Fold(st)
	}
	return nil
}

// look asks for the log's present, and whether it knows the moment.
func look(ctx context.Context, log events.Log, m Moment) (events.Info, error) {
	info, err := log.Info(ctx)
	if err != nil {
		return info, fmt.Errorf("ask for the log's end: %w", err)
	}
	return info, m.check(ctx, log, info)
}

// AccountAt returns one account as it was, nil if nothing is known of it. It reads only
// the account's records and, if the log has forgotten its beginning or these are more than
// a keyframe saves, the keyframe before the moment. It fails as At does.
func AccountAt(ctx context.Context, from Archive, account events.JID, m Moment) (*session.Account, error) {
	return accountAt(ctx, from, account, m, few)
}

// accountAt does so; limit is how many records are read rather than a keyframe.
func accountAt(ctx context.Context, from Archive, account events.JID, m Moment, limit int) (*session.Account, error) {
	info, err := look(ctx, from, m)
	if err != nil {
		return nil, err
	}
	r := m.until(events.Range{Account: account.Bare()}, info)
	if whole(info) {
		if from.Keyframes == nil {
			limit = math.MaxInt
		}
		if a, over, err := accountUntil(ctx, from, nil, r, limit); !over {
			return a, err
		}
	}
	var a *session.Account
	t := projector.NewTable()
	h, err := from.restore(ctx, t, info, func(k events.Keyframe) bool { return within(k, r) })
	if err != nil {
		return nil, err
	}
	if h != nil {
		a, r.After = t.Account(r.Account), h.Seq
	}
	if r.To <= r.After {
		return a, nil
	}
	a, _, err = accountUntil(ctx, from, a, r, math.MaxInt)
	return a, err
}

// accountUntil folds an account's records of a range, and reports if it has given up because
// there are more than a limit.
func accountUntil(ctx context.Context, log events.Log, a *session.Account, r events.Range, limit int) (_ *session.Account, over bool, err error) {
	n := 0
	for st, err := range events.Intact(log.Read(ctx, r)) {
		if err != nil {
			return nil, false, Span{Of: r.Account}.reading(err)
		}
		if n++; n > limit {
			return nil, true, nil
		}
		a = session.Apply(a, st)
	}
	if err := ctx.Err(); err != nil {
		return nil, false, Span{Of: r.Account}.reading(err)
	}
	return a, false, nil
}
