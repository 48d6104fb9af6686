package ask

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay"
	"github.com/rollcall-xmpp/rollcall/replay/filter"
)

// A Steps is a page of the history of an account, failed logins among it. Those are of
// another stream, with places of its own: they are merged by the time at which the server
// stored them, and the next page begins after a record and at a time.
type Steps struct {
	Items    []Step
	After    events.Seq // of the account's records
	Failed   time.Time  // from this instant on failed logins are to come
	Complete bool       // there is nothing more now
	Scanned  int        // records that were looked at
}

// A Step is a record, or what stands for one that can't be decoded.
type Step struct {
	*events.Stored
	Held    string // by which connector, of the end of a session; "": that is not known
	Damaged *events.PoisonError
}

// A History says which steps are meant.
type History struct {
	Account      events.JID
	Since, Until time.Time  // as replay.Span's
	After        events.Seq // the account's records after this one
	Failed       time.Time  // failed logins from this instant on; zero: those since, or after the record After
	Limit        int
	Filter       *filter.Filter // which of these are meant; nil: all
}

// means reports a step that is meant.
func (h *History) means(s Step) bool {
	switch {
	case h.Filter == nil:
		return true
	case s.Damaged != nil:
		return h.Filter.Damaged()
	}
	return h.Filter.Event(s.Stored)
}

// Steps gives what happened to an account, oldest first. It reads 200,000 records at most,
// and for two seconds, and may so give less than the limit, or nothing, before Complete.
func (s *Source) Steps(ctx context.Context, h History) (*Steps, error) {
	account := h.Account.Bare()
	from, err := s.failedFrom(ctx, h)
	if err != nil {
		return nil, err
	}
	p, held := &Steps{After: h.After, Failed: from}, NewHolders(s.Archive.Read)
	end, err := s.endOf(ctx, h)
	if err != nil {
		return nil, err
	}
	log := pull(s.Archive.Read(ctx, events.Range{Account: account, After: h.After, Since: h.Since, Until: h.Until}))
	defer log.stop()
	pre := pull(s.Pre.Read(ctx, from, h.Until))
	defer pre.stop()
	deadline, passed := time.Now().Add(maxTime), int64(0) // the time of the newest of pre that was passed
	for {
		if log.err != nil || pre.err != nil {
			return nil, errors.Join(log.err, pre.err)
		}
		if p.Complete = log.over && pre.over; p.Complete {
			p.After, p.Failed = max(p.After, end.After), later(p.Failed, end.Failed)
			return p, ctx.Err()
		}
		fromPre := !pre.over && (log.over || pre.at < log.at)
		full := len(p.Items) >= h.Limit || p.Scanned >= maxRecords || p.Scanned%1000 == 999 && time.Now().After(deadline)
		if full && (!fromPre || pre.at != passed) { // those of one time are not parted
			return p, ctx.Err()
		}
		p.Scanned++
		if !fromPre {
			step := log.step
			if step.Stored != nil {
				if step.Held, err = held.Take(ctx, step.Stored); err != nil {
					return nil, err
				}
			}
			if p.After = step.Place(); h.means(step) {
				p.Items = append(p.Items, step)
			}
			log.next()
			continue
		}
		passed, p.Failed = pre.at, time.Unix(0, pre.at+1)
		if st := pre.step.Stored; st != nil && replay.IsFailedLoginTo(account, st) && h.means(pre.step) {
			p.Items = append(p.Items, pre.step)
		}
		pre.next()
	}
}

// endOf is where a page goes on with which there is nothing more: after what both streams
// have now, whosever that is.
func (s *Source) endOf(ctx context.Context, h History) (end Steps, err error) {
	info, err := s.Archive.Info(ctx)
	if err != nil {
		return end, err
	}
	if end.After, err = replay.EndOf(ctx, s.Archive, info, h.Until); err != nil {
		return end, err
	}
	pre, err := s.Pre.Info(ctx)
	if err != nil || pre.LastAt.IsZero() {
		return end, err
	}
	if end.Failed = pre.LastAt.Add(1); !h.Until.IsZero() && h.Until.Before(end.Failed) {
		end.Failed = h.Until
	}
	return end, nil
}

// failedFrom is when the failed logins of a page begin.
func (s *Source) failedFrom(ctx context.Context, h History) (time.Time, error) {
	if !h.Failed.IsZero() || h.After == 0 {
		return later(h.Failed, h.Since), nil
	}
	for st, err := range s.Archive.Read(ctx, events.Range{After: h.After - 1, To: h.After}) {
		poison, passed := errors.AsType[*events.PoisonError](err)
		switch {
		case passed:
			return later(time.Unix(0, poison.At), h.Since), nil
		case err != nil:
			return h.Since, err
		}
		return later(st.StoredAt(), h.Since), nil
	}
	return h.Since, nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// A strand is one of two streams that are merged, at its next record.
type strand struct {
	pull func() (*events.Stored, error, bool)
	stop func()

	step Step  // the next one
	at   int64 // when it was stored, Unix nanoseconds
	over bool
	err  error
}

func pull(records iter.Seq2[*events.Stored, error]) *strand {
	var s strand
	s.pull, s.stop = iter.Pull2(records)
	s.next()
	return &s
}

// next goes on to the next record.
func (s *strand) next() {
	st, err, ok := s.pull()
	poison, passed := errors.AsType[*events.PoisonError](err)
	switch {
	case !ok:
		s.over = true
	case passed:
		s.step, s.at = Step{Damaged: poison}, poison.At
	case err != nil:
		s.over, s.err = true, err
	default:
		s.step, s.at = Step{Stored: st}, st.At
	}
}

// Place is the step's sequence in its stream.
func (s Step) Place() events.Seq {
	if s.Damaged != nil {
		return s.Damaged.Seq
	}
	return s.Seq
}
