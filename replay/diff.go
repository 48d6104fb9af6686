package replay

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"rollcall/events"
	"rollcall/projector"
	"rollcall/session"
)

// A Change is one session at two moments: Before is nil if it appeared between
// them, After if it went. A session that came and went is not seen.
type Change struct {
	Before, After *session.Session
}

// JID is the session's, the later one if it was bound in between.
func (c Change) JID() events.JID {
	if c.After != nil {
		return c.After.JID
	}
	return c.Before.JID
}

// Diff gives the sessions that are not the same at the two moments, ordered by
// JID. It reads the log once. It fails as At does, or if to is before from.
func Diff(ctx context.Context, log events.Log, from, to Moment) iter.Seq2[Change, error] {
	return func(yield func(Change, error) bool) {
		changes, err := diff(ctx, log, from, to)
		if err != nil {
			yield(Change{}, err)
			return
		}
		for _, c := range changes {
			if !yield(c, nil) {
				return
			}
		}
	}
}

func diff(ctx context.Context, log events.Log, from, to Moment) ([]Change, error) {
	info, err := look(ctx, log, from, to)
	if err != nil {
		return nil, err
	}
	past := Past{Table: projector.NewTable()}
	if err := past.fold(ctx, log, from.until(events.Range{}, info), nil); err != nil {
		return nil, err
	}
	at := past.Position().Seq
	if to.Seq != 0 && to.Seq < at || !to.Time.IsZero() && to.Time.UnixNano() < max(past.stored, from.instant()) {
		return nil, fmt.Errorf("%s is before %s", to, from)
	}
	was := map[events.JID]*session.Account{}
	err = past.fold(ctx, log, to.until(events.Range{After: at}, info), func(before, after *session.Account) {
		if _, ok := was[after.JID]; !ok {
			was[after.JID] = before
		}
	})
	if err != nil {
		return nil, err
	}
	var changes []Change
	for jid, before := range was {
		changes = appendChanges(changes, before, past.Account(jid))
	}
	slices.SortFunc(changes, func(a, b Change) int {
		return strings.Compare(a.JID().String(), b.JID().String())
	})
	return changes, nil
}

func appendChanges(list []Change, before, after *session.Account) []Change {
	if before != nil {
		for _, s := range before.Sessions {
			// A session that did not change is the same one in both.
			if now := after.Session(s.ID); now != s {
				list = append(list, Change{s, now})
			}
		}
	}
	for _, s := range after.Sessions {
		if before.Session(s.ID) == nil {
			list = append(list, Change{nil, s})
		}
	}
	return list
}
