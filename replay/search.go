package replay

import (
	"context"
	"errors"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector"
)

// errOther: the log is not the one that a table was kept of.
var errOther = errors.New("the log has another record where a table was kept")

// A search is a table on its way to a moment.
type search struct {
	Past
	memory *Memory    // nil: it is not to be kept
	base   *kept      // the table that it began with; nil: a keyframe, or none
	here   mark       // the newest record that could be decoded
	last   events.Seq // of the table that was kept last
}

// search finds the table at the end of a range. It fails with errOther if it began with a
// table that was kept of another log.
func (a Archive) search(ctx context.Context, info events.Info, r events.Range) (*search, error) {
	s, err := a.nearest(ctx, info, r)
	if err != nil {
		return nil, err
	}
	if r.After = s.Position().Seq; s.base != nil && r.After >= info.First {
		r.After-- // to see whether it is the same record
	} else {
		s.base = nil
	}
	if r.To > r.After {
		err = s.run(ctx, a, r)
	}
	return s, err
}

// nearest begins at the keyframe or the table before the range's end, whichever is nearer,
// and otherwise at the log's beginning.
func (a Archive) nearest(ctx context.Context, info events.Info, r events.Range) (*search, error) {
	kept := a.Memory.nearest(info, r)
	s := &search{Past: Past{Table: projector.NewPastTable(), Whole: whole(info)}, here: markAt(info, 0, 0, events.EventID{})}
	if !s.Whole {
		s.Begins = time.Now().UnixNano()
	}
	h, err := a.restore(ctx, s.Table, info, func(k events.Keyframe) bool {
		return within(k, r) && (kept == nil || k.Seq > kept.Seq)
	})
	switch {
	case err != nil:
		return nil, err
	case h != nil:
		s.Whole, s.Begins = h.Begins == 0, h.Begins
		s.memory, s.here = a.Memory, markAt(info, h.Seq, h.At, h.ID)
		s.keep()
	case kept != nil:
		s = &search{Past: kept.past, memory: a.Memory, base: kept, here: kept.mark, last: kept.Seq}
		s.Table = kept.past.Fork()
	case s.Whole: // otherwise a keyframe may be written that knows more
		s.memory = a.Memory
	}
	return s, nil
}

// run folds a range, which begins with the record of base, if there is one.
func (s *search) run(ctx context.Context, log events.Log, r events.Range) error {
	for st, err := range events.Unbroken(ctx, log, r) {
		if s.base != nil && (err == nil || events.IsPoison(err)) {
			if err != nil || !s.base.isAt(st) {
				return errOther
			}
			s.base = nil
			continue
		}
		if err := s.take(st, err); err != nil {
			return err
		}
		if err == nil {
			s.here.Seq, s.here.At, s.here.id = st.Seq, st.At, st.ID
			s.keepIfFar()
		}
	}
	switch {
	case ctx.Err() != nil:
		return Span{}.reading(ctx.Err())
	case s.base != nil:
		return errOther
	}
	s.keep()
	return nil
}

// keepIfFar has the table kept if the last one that was is far.
func (s *search) keepIfFar() {
	if s.memory != nil && s.here.Seq >= s.last+s.memory.strideOf(s.Sessions()) {
		s.keep()
	}
}

// keep has the table kept as it is, unless it is, or ends with a record that can't be told
// from others.
func (s *search) keep() {
	seq := s.Position().Seq
	if s.memory == nil || seq == 0 || seq != s.here.Seq || seq == s.last {
		return
	}
	k := &kept{mark: s.here, past: s.Past, sessions: s.Sessions()}
	k.past.Table = s.Fork()
	s.memory.keep(k)
	s.last = seq
}
