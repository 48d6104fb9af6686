package replay

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rollcall/events"
	"rollcall/projector"
	"rollcall/session"
)

// An Archive is what the past is read from.
type Archive struct {
	events.Log
	// Keyframes, if not nil, save reading the log from its beginning.
	Keyframes events.Keyframes
	// Passed is told of keyframes that can't be used, as projector.Restoration's is.
	Passed func(events.Keyframe, error)
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

// At returns the table as it was, from the newest keyframe before that moment. It
// fails with ErrFuture or ErrForgotten if the archive can't know.
func At(ctx context.Context, from Archive, m Moment) (*Past, error) {
	info, err := look(ctx, from, m)
	if err != nil {
		return nil, err
	}
	past := &Past{Table: projector.NewTable(), Whole: whole(info)}
	if !past.Whole {
		past.Begins = time.Now().UnixNano()
	}
	if err := past.begin(ctx, from, m, info); err != nil {
		return nil, err
	}
	rest := m.until(events.Range{After: past.Position().Seq}, info)
	if rest.To > 0 && rest.To <= rest.After {
		return past, nil
	}
	if err := past.fold(ctx, from, rest); err != nil {
		return nil, err
	}
	return past, nil
}

// begin fills the table from a keyframe, if there is one.
func (p *Past) begin(ctx context.Context, from Archive, m Moment, info events.Info) error {
	if from.Keyframes == nil {
		return nil
	}
	r := m.until(events.Range{}, info)
	h, err := projector.Restoration{
		Log: from, Keyframes: from.Keyframes, Info: info, Passed: from.Passed,
		Wanted: func(k events.Keyframe) bool {
			return (r.To == 0 || k.Seq <= r.To) && (r.Until.IsZero() || k.StoredAt().Before(r.Until))
		},
	}.Fill(ctx, p.Table)
	if h != nil {
		p.Whole, p.Begins = h.Begins == 0, h.Begins
	}
	return err
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
	for st, err := range log.Read(ctx, r) {
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
	}
	if err := ctx.Err(); err != nil {
		return Span{}.reading(err)
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

// AccountAt returns one account as it was, nil if it had no history. It reads
// only the account's records. It fails as At does.
func AccountAt(ctx context.Context, log events.Log, account events.JID, m Moment) (*session.Account, error) {
	info, err := look(ctx, log, m)
	if err != nil {
		return nil, err
	}
	of := Span{Of: account.Bare()}
	var a *session.Account
	for st, err := range events.Intact(log.Read(ctx, m.until(events.Range{Account: of.Of}, info))) {
		if err != nil {
			return nil, of.reading(err)
		}
		a = session.Apply(a, st)
	}
	if err := ctx.Err(); err != nil {
		return nil, of.reading(err)
	}
	return a, nil
}
