package bus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// read gives the records of a range up to the newest that is there now.
func (b *Bus) read(ctx context.Context, stream, filter string, r events.Range) iter.Seq2[*events.Stored, error] {
	return func(yield func(*events.Stored, error) bool) {
		for d, err := range b.deliveries(ctx, stream, filter, r) {
			if err != nil {
				yield(nil, err)
				return
			}
			if !d.yieldAll(stream, yield) {
				return
			}
		}
	}
}

// deliveries gives what read makes records of. An error is the last.
func (b *Bus) deliveries(ctx context.Context, stream, filter string, r events.Range) iter.Seq2[delivery, error] {
	return func(yield func(delivery, error) bool) {
		end, err := b.newest(ctx, stream, filter)
		if err != nil {
			yield(delivery{}, fmt.Errorf("read %s: %w", stream, err))
			return
		}
		if end.seq <= uint64(r.After) || end.at < unixNano(r.Since) {
			return
		}
		if r.To > 0 {
			end.seq = min(end.seq, uint64(r.To))
		}
		since, err := b.sinceOf(ctx, stream, filter, r)
		if err != nil {
			yield(delivery{}, fmt.Errorf("read %s: %w", stream, err))
			return
		}
		t := &tail{b: b, stream: stream, filter: filter, after: uint64(r.After), since: since}
		for d, err := range t.all(ctx, end.seq) {
			switch {
			case err != nil:
				yield(delivery{}, fmt.Errorf("read %s: %w", stream, err))
				return
			case r.To > 0 && d.seq > uint64(r.To), !r.Until.IsZero() && d.at >= unixNano(r.Until):
				return
			case d.seq <= uint64(r.After), d.at < unixNano(r.Since):
			case !yield(d, nil):
				return
			}
		}
	}
}

// sinceOf is the time from which a range is to be read, or zero if it is better read from
// its sequence on. Whoever goes through a span page by page names both, and would be given
// all pages before each time.
func (b *Bus) sinceOf(ctx context.Context, stream, filter string, r events.Range) (time.Time, error) {
	if r.After == 0 || r.Since.IsZero() {
		return r.Since, nil
	}
	m, err := b.next(ctx, stream, cmp.Or(filter, ">"), uint64(r.After)+1)
	switch {
	case errors.Is(err, events.ErrNotFound):
		return r.Since, nil
	case err != nil:
		return r.Since, err
	case m.Time.Before(r.Since):
		return r.Since, nil
	}
	return time.Time{}, nil
}

// newest tells where a stream, or one subject of it, ends now. The leader is
// asked; a follower of it may yet have to get there. The zero delivery means
// that it is empty.
func (b *Bus) newest(ctx context.Context, stream, filter string) (d delivery, err error) {
	if filter == "" {
		i, err := b.info(ctx, stream)
		return delivery{seq: i.State.Last, at: i.State.LastTime.UnixNano()}, err
	}
	m, err := b.last(ctx, stream, filter)
	if errors.Is(err, events.ErrNotFound) {
		return delivery{}, nil
	}
	if err != nil {
		return delivery{}, err
	}
	return delivery{seq: m.Seq, at: m.Time.UnixNano()}, nil
}

// all gives what there is up to the sequence end, which must be in the
// stream. An error is the last. When something has been given already it waits for
// a stream that can't be reached, up to events.MaxOutage, and goes on.
func (t *tail) all(ctx context.Context, end uint64) iter.Seq2[delivery, error] {
	t.finite, t.until = true, end
	return func(yield func(delivery, error) bool) {
		var err error
		if t.link, err = t.b.past(ctx); err != nil {
			yield(delivery{}, err)
			return
		}
		defer t.finish()
		var down events.Outage
		for {
			d, err := t.next(ctx)
			switch {
			case errors.Is(err, errLost), t.began && waitsFor(&down, err) && t.b.pause(ctx, retryEvery):
				continue
			case errors.Is(err, errEnd):
				return
			case err != nil:
				yield(delivery{}, err)
				return
			}
			if !yield(d, nil) || d.seq >= end {
				return
			}
		}
	}
}

// yieldAll gives the record of a message, or the records of a bundle.
func (d *delivery) yieldAll(stream string, yield func(*events.Stored, error) bool) bool {
	part := uint32(0)
	for data := range records(d.msg.Data) {
		s := &events.Stored{Stream: stream, Part: part}
		part++
		err := d.decodeTo(s, data)
		if err != nil {
			s = nil
		}
		if !yield(s, err) {
			return false
		}
	}
	return true
}

func (d *delivery) decodeTo(s *events.Stored, data []byte) error {
	s.Seq, s.At = events.Seq(d.seq), d.at
	return decode(s, d.msg.Subject, data)
}

// decode reads the record of a message into s, which has its place. One on the
// subject of another account is poison: the log did not check that it is on top of
// its own account's records, and an account at its place could never be appended
// to again.
func decode(s *events.Stored, subject string, data []byte) error {
	err := s.Decode(data)
	if err == nil && s.Stream == logStream && !isSubjectOf(s.JID, subject) {
		err = errMisplaced
	}
	if err != nil {
		return &events.PoisonError{Stream: s.Stream, Seq: s.Seq, Part: s.Part, At: s.At, Data: data, Err: err}
	}
	return nil
}

var errMisplaced = errors.New("it stands among another account's records")

// isSubjectOf allocates nothing, since every record that is read is asked about.
func isSubjectOf(account events.JID, subject string) bool {
	var room [maxSubject]byte
	return string(appendAccountSubject(room[:0], logPrefix, account)) == subject
}

// unixNano is 0 for the zero time, which comes before every message.
func unixNano(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}
