package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// Limits are what a log may have.
type Limits struct {
	MaxBytes int64         // at which it refuses records
	MaxAge   time.Duration // after which records go; 0: never
}

// SetLimits changes what the log may have, at once and for all. Records that are
// older than the new age go for ever; a size below what there is removes nothing. It
// fails with ErrNoSpace if the server can't reserve so much, and with
// events.ErrUnavailable.
func (l *Log) SetLimits(ctx context.Context, to Limits) error {
	have, err := l.b.streamInfo(ctx, logStream)
	if err != nil {
		return fmt.Errorf("set the log's limits: %w: %w", events.ErrUnavailable, err)
	}
	c := have.Config
	c.MaxBytes, c.MaxAge = to.MaxBytes, to.MaxAge
	if c.MaxAge > 0 {
		c.Duplicates = min(c.Duplicates, c.MaxAge) // the server wants it so
	}
	err = l.b.update(ctx, c)
	switch {
	case err == nil:
		return nil
	case noSpace(err):
		return fmt.Errorf("%w %d MiB for the log; give it more space or ask for less", ErrNoSpace, to.MaxBytes>>20)
	}
	return fmt.Errorf("set the log's limits: %w: %w", events.ErrUnavailable, err)
}

// FirstSince returns the place and the time of the first record that was stored at or
// after t, or events.ErrNotFound. It is one question to the log's leader, however
// long the log is.
func (l *Log) FirstSince(ctx context.Context, t time.Time) (events.Seq, time.Time, error) {
	m, err := l.b.get(ctx, logStream, struct {
		Since time.Time `json:"start_time"`
		Next  string    `json:"next_by_subj"`
	}{t, ">"})
	if errors.Is(err, events.ErrNotFound) {
		return 0, time.Time{}, events.ErrNotFound
	}
	if err != nil {
		return 0, time.Time{}, fmt.Errorf("first record since %s: %w", t.Format(time.RFC3339), err)
	}
	return events.Seq(m.Seq), m.Time, nil
}
