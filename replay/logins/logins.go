package logins

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay/filter"
)

// Pre is what happens before authentication, by the sequences of its stream; bus.Pre is one.
type Pre interface {
	ReadRange(context.Context, events.Range) iter.Seq2[*events.Stored, error]
	Info(context.Context) (events.Info, error)
}

// A Source has the two streams.
type Source struct {
	Log events.Log
	Pre Pre
}

// A Question says which logins are meant, and in which order.
type Question struct {
	Filter *filter.Filter // nil: all
	Since  time.Time      // what was stored at or after it; zero: no limit
	Until  time.Time      // what was stored before it; zero: no limit
	Newest bool           // the newest first
	From   *Place         // only those after it, or before it where the newest come first; nil: all
	// Go is asked before each record that is looked at, and ends the reading with false;
	// where the newest come first up to 50,000 are looked at in between. Nil: it goes on.
	Go func() bool
}

// Is reports a record that tells of a login, whether it succeeded or failed.
func Is(st *events.Stored) bool { return isOfLog(st.Event.Kind()) || isOfPre(st.Event.Kind()) }

func isOfLog(k events.Kind) bool { return k == events.KindAuthenticated || k == events.KindResumed }

func isOfPre(k events.Kind) bool { return k == events.KindAuthFailed }

// A Reading gives the logins that a question means. It is for one goroutine.
type Reading struct {
	newest   bool
	log, pre *lane
}

// Open begins to read. Records that are stored later are not read.
func (s *Source) Open(ctx context.Context, q Question) (*Reading, error) {
	if q.Filter == nil {
		q.Filter = &filter.Filter{}
	}
	if q.Go == nil {
		q.Go = func() bool { return true }
	}
	r := &Reading{newest: q.Newest, log: &lane{Question: &q, size: logWindow, login: isOfLog}, pre: &lane{Question: &q, size: preWindow, login: isOfPre}}
	r.log.read = func(ctx context.Context, span events.Range) iter.Seq2[*events.Stored, error] {
		return q.Filter.Read(ctx, s.Log, span)
	}
	r.log.few = q.Filter.FewAccounts()
	r.pre.read = s.Pre.ReadRange
	if q.From != nil {
		r.log.cut, r.pre.cut = q.From.Log, q.From.Pre
	}
	if err := r.log.open(ctx, s.Log.Info, s.Log.Read); err != nil {
		return nil, fmt.Errorf("logins: %w", err)
	}
	if err := r.pre.open(ctx, s.Pre.Info, s.Pre.ReadRange); err != nil {
		r.log.stop()
		return nil, fmt.Errorf("failed logins: %w", err)
	}
	return r, nil
}

// Close ends the reading.
func (r *Reading) Close() {
	r.log.stop()
	r.pre.stop()
}

// Place is where to go on.
func (r *Reading) Place() Place { return Place{r.log.cut, r.pre.cut} }

// Complete reports that there are no more.
func (r *Reading) Complete() bool { return r.log.ended && r.pre.ended }

// All gives the logins that are left. An error is the last; records that can't be decoded
// are passed over. Whoever leaves the loop may go on with another.
func (r *Reading) All() iter.Seq2[*events.Stored, error] {
	return func(yield func(*events.Stored, error) bool) {
		for {
			first, err := r.first()
			if err != nil {
				yield(nil, err)
				return
			}
			if first == nil || !yield(first.take(), nil) {
				return
			}
		}
	}
}

// first is the lane whose record is the next of all; nil if that can't be told, for one of
// them was not read to its next record, or if there are no more.
func (r *Reading) first() (*lane, error) {
	for _, l := range []*lane{r.log, r.pre} {
		if err := l.look(); err != nil || l.head == nil && !l.ended {
			return nil, err
		}
	}
	log, pre := r.log.head, r.pre.head
	switch {
	case pre == nil && log == nil:
		return nil, nil
	case pre == nil:
		return r.log, nil
	case log == nil, r.newest && pre.At >= log.At, !r.newest && pre.At < log.At:
		return r.pre, nil
	}
	return r.log, nil
}
