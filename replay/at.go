package replay

import (
	"context"
	"errors"
	"fmt"

	"rollcall/events"
	"rollcall/projector"
	"rollcall/session"
)

// Past is the table as it was at a moment. It changes no more.
type Past struct {
	*projector.Table
	// Whole tells that the log was read from its very beginning. If not, sessions
	// that began in the part that retention has removed are missing up to the
	// record that repeats them.
	Whole bool
}

// At returns the table as it was. It fails with ErrFuture or ErrForgotten if
// the log can't know.
func At(ctx context.Context, log events.Log, m Moment) (*Past, error) {
	info, err := look(ctx, log, m)
	if err != nil {
		return nil, err
	}
	past := &Past{Table: projector.NewTable(), Whole: whole(info)}
	for st, err := range log.Read(ctx, m.until(events.Range{}, info)) {
		switch poison, passed := errors.AsType[*events.PoisonError](err); {
		case passed:
			past.Skip(poison)
		case err != nil:
			return nil, Span{}.reading(err)
		default:
			past.Fold(st)
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, Span{}.reading(err)
	}
	return past, nil
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
