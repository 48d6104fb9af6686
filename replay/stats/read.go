package stats

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector"
	"github.com/rollcall-xmpp/rollcall/replay"
)

// Read computes figures. pre, if not nil, has the logins that failed. A span that begins
// before the log does is cut to the part that the log has: to its first record or, if it
// has forgotten those before that, to the first keyframe that is left. Records that can't
// be decoded are passed over. Errors wrap ErrQuery, ErrTooMuch, replay.ErrFuture or those
// of a Log.
func Read(ctx context.Context, archive replay.Archive, pre replay.Pre, q Query) (*Answer, error) {
	if err := q.validate(); err != nil {
		return nil, err
	}
	info, err := archive.Info(ctx)
	if err != nil {
		return nil, fmt.Errorf("ask for the log's end: %w", err)
	}
	r := &reading{q: q, info: info, answer: &Answer{Covers: Covers{Complete: true}}, begun: time.Now()}
	r.until = info.Now.UnixNano()
	if !q.Until.IsZero() {
		r.until = min(r.until, q.Until.UnixNano())
	}
	if r.since = q.Since.UnixNano(); q.Since.IsZero() || q.Since.Before(info.FirstAt) {
		r.since = info.FirstAt.UnixNano()
	}
	if info.Records == 0 {
		r.since = r.until
	}
	past, err := r.start(ctx, archive)
	if err != nil {
		return nil, err
	}
	if err := r.measure(); err != nil {
		return nil, err
	}
	r.fold = newFold(past.Table, r.steps, r.figures())
	if err := r.records(ctx, archive, past.Position().Seq); err != nil {
		return nil, err
	}
	if err := r.failures(ctx, pre); err != nil {
		return nil, err
	}
	return r.finish(), nil
}

// A reading is a query that is being answered.
type reading struct {
	q    Query
	info events.Info
	steps
	fold   *fold
	logins *logins // nil: they are not wanted
	answer *Answer
	begun  time.Time
	spent  bool // what a query may read; the span ends with the step at hand
}

// start is the table as it was before the span, which begins later if that is not known.
func (r *reading) start(ctx context.Context, archive replay.Archive) (*replay.Past, error) {
	var past *replay.Past
	var err error
	switch later := r.info.Records > 0 && r.since > r.info.FirstAt.UnixNano(); {
	case later:
		past, err = replay.At(ctx, archive, replay.Moment{Time: time.Unix(0, r.since-1)})
		if err != nil && !errors.Is(err, replay.ErrForgotten) {
			return nil, err
		}
	case r.info.First <= 1:
		past = &replay.Past{Table: projector.NewTable(), Whole: true}
	}
	if past == nil || !past.Whole {
		if past, err = r.beginning(ctx, archive, past); err != nil {
			return nil, err
		}
	}
	r.answer.Known = past.Whole
	return past, nil
}

// beginning is the earliest table of which all is known; the span begins with the record
// after it. If there is none it is the one that there is, or that of the log's first record.
func (r *reading) beginning(ctx context.Context, archive replay.Archive, there *replay.Past) (*replay.Past, error) {
	past, err := replay.Beginning(ctx, archive)
	switch {
	case err != nil:
		return nil, err
	case there != nil && (!past.Whole || past.Position().Seq <= there.Position().Seq):
		return there, nil
	case past.Position().Seq < r.info.First:
		return past, nil
	}
	at := past.Position().Seq
	for st, err := range archive.Read(ctx, events.Range{After: at - 1, To: at}) {
		switch poison, is := errors.AsType[*events.PoisonError](err); {
		case is:
			r.since = max(r.since, poison.At)
		case err != nil:
			return nil, err
		default:
			r.since = max(r.since, st.At)
		}
	}
	return past, nil
}

// measure finds the step, and whether the span can be told by it.
func (r *reading) measure() error {
	if r.until < r.since {
		if r.q.Until.IsZero() || time.Unix(0, r.since).After(r.info.Now) {
			return fmt.Errorf("the span begins at %s: %w", instant(r.since).Format(time.RFC3339), replay.ErrFuture)
		}
		r.since = r.until // all of it was before the log
	}
	step := r.q.Step
	if step == 0 {
		step = StepFor(time.Duration(r.until - r.since))
	}
	if r.length = int64(step); r.count() > MaxSteps {
		return fmt.Errorf("%w: the span has %d steps of %s, and %d are the most", ErrQuery, r.count(), step, MaxSteps)
	}
	return nil
}

// figures are those that are wanted.
func (r *reading) figures() (list []figure) {
	for _, name := range Names() {
		if !slices.Contains(r.q.Figures, name) {
			continue
		}
		switch name {
		case "concurrency":
			list = append(list, &concurrency{})
		case "logins":
			r.logins = newLogins()
			list = append(list, r.logins)
		case "ends":
			list = append(list, newEnds())
		case "durations":
			list = append(list, newDurations())
		case "users":
			list = append(list, newUsers())
		case "resumes":
			list = append(list, newResumes())
		case "agents":
			list = append(list, newAgents())
		case "connectors":
			list = append(list, newConnectors())
		case "fights":
			list = append(list, newFights())
		case "storms":
			list = append(list, newStorms())
		}
	}
	return list
}

// records folds those of the log.
func (r *reading) records(ctx context.Context, archive replay.Archive, after events.Seq) error {
	last := r.info.Last
	if r.q.To > 0 {
		last = min(last, r.q.To)
	}
	if r.until <= r.since || last <= after {
		return nil
	}
	span := events.Range{After: after, To: last, Until: time.Unix(0, r.until)}
	for st, err := range events.Unbroken(ctx, archive, span) {
		poison, damaged := errors.AsType[*events.PoisonError](err)
		if err != nil && !damaged {
			return fmt.Errorf("read the log: %w", err)
		}
		place := events.Stored{}
		if damaged {
			place.Seq, place.At = poison.Seq, poison.At
		} else {
			place.Seq, place.At = st.Seq, st.At
		}
		switch more, err := r.admits(place.At); {
		case err != nil:
			return err
		case !more:
			return nil
		}
		r.answer.Through = place.Seq
		r.answer.Records++
		if damaged {
			r.answer.Damaged++
			continue
		}
		r.fold.take(st)
	}
	return ctx.Err()
}

// admits reports that a record is one of the span, which ends with the step at hand when
// as much was read as a query may.
func (r *reading) admits(at int64) (bool, error) {
	at = r.fold.timeOf(at)
	switch {
	case at >= r.until:
		return false, nil
	case !r.spent && r.hasSpent(1):
		r.spent = true
		if next := r.after(at); next < r.until {
			r.until, r.answer.Complete = next, false
		}
	case r.spent && r.hasSpent(2):
		return false, fmt.Errorf("%w, that of %s: take shorter ones, or a shorter span", ErrTooMuch, instant(r.of(at)).Format(time.RFC3339))
	}
	return true, nil
}

// hasSpent reports that so many times as much was read as a query may.
func (r *reading) hasSpent(times uint64) bool {
	n := r.answer.Records
	return r.q.Most > 0 && n >= times*r.q.Most ||
		r.q.For > 0 && n%1024 == 0 && time.Since(r.begun) > time.Duration(times)*r.q.For
}

// failures counts the logins that failed.
func (r *reading) failures(ctx context.Context, pre replay.Pre) error {
	if pre == nil || r.logins == nil || r.until <= r.since {
		return nil
	}
	n := uint64(0)
	for st, err := range pre.Read(ctx, time.Unix(0, r.since), time.Unix(0, r.until)) {
		if n++; r.q.Most > 0 && n > 2*r.q.Most {
			return fmt.Errorf("%w of connections: take a shorter span", ErrTooMuch)
		}
		r.answer.Records++
		switch {
		case events.IsPoison(err):
			r.answer.Damaged++
			continue
		case err != nil:
			return fmt.Errorf("read failed logins: %w", err)
		}
		if e, ok := st.Event.(events.AuthFailed); ok {
			r.logins.fail(r.of(st.At), e.Mechanism)
		}
	}
	return ctx.Err()
}

// finish ends the figures and writes the answer.
func (r *reading) finish() *Answer {
	a := r.answer
	a.Since, a.Until = instant(r.since), instant(r.until)
	a.Step, a.Seconds = time.Duration(r.length), r.length/int64(time.Second)
	r.fold.steps = r.steps
	for _, g := range r.fold.figures {
		g.end(r.fold)
		g.answer(a)
	}
	return a
}
