package replay

import (
	"context"
	"fmt"

	"rollcall/events"
	"rollcall/projector"
	"rollcall/session"
)

// Past is the table as it was at a moment. It changes no more.
type Past struct {
	*projector.Table
	// Whole tells that the log was read from its very beginning. If not,
	// sessions that began in the part that retention has removed are missing.
	Whole bool

	stored int64 // when its newest record was, Unix nanoseconds
}

// At returns the table as it was. It fails with ErrFuture or ErrForgotten if
// the log can't know.
func At(ctx context.Context, log events.Log, m Moment) (*Past, error) {
	info, err := look(ctx, log, m)
	if err != nil {
		return nil, err
	}
	past := &Past{Table: projector.NewTable(), Whole: whole(info)}
	if err := past.fold(ctx, log, m.until(events.Range{}, info), nil); err != nil {
		return nil, err
	}
	return past, nil
}

// look asks for the log's present, and whether it knows the moments.
func look(ctx context.Context, log events.Log, moments ...Moment) (events.Info, error) {
	info, err := log.Info(ctx)
	if err != nil {
		return info, fmt.Errorf("ask for the log's end: %w", err)
	}
	for _, m := range moments {
		if err := m.check(ctx, log, info); err != nil {
			return info, err
		}
	}
	return info, nil
}

// fold reads r into the table and tells changed, if it is not nil, of every
// record's account before and after it.
func (p *Past) fold(ctx context.Context, log events.Log, r events.Range, changed func(before, after *session.Account)) error {
	for st, err := range log.Read(ctx, r) {
		poison, err := pass(err)
		switch {
		case err != nil:
			return fmt.Errorf("read the log: %w", err)
		case poison != nil:
			p.Skip(poison)
			continue
		}
		p.stored = st.At
		before, after := p.Fold(st)
		if changed != nil {
			changed(before, after)
		}
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("read the log: %w", err)
	}
	return nil
}

// AccountAt returns one account as it was, nil if it had no history. It reads
// only the account's records. It fails as At does.
func AccountAt(ctx context.Context, log events.Log, account events.JID, m Moment) (*session.Account, error) {
	info, err := look(ctx, log, m)
	if err != nil {
		return nil, err
	}
	var a *session.Account
	for step, err := range steps(ctx, log, m.until(events.Range{Account: account.Bare()}, info)) {
		switch _, err := pass(err); {
		case err != nil:
			return nil, err
		case step.After != nil:
			a = step.After
		}
	}
	return a, nil
}
