package session

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"rollcall/events"
)

// Limits of a Service.
const (
	// maxAttempts bounds the decisions about one command. Each lost one means
	// that another writer got an event in, so that only a storm on one account
	// gets here.
	maxAttempts = 64
	// firstPause and lastPause bound the wait before an attempt is repeated.
	firstPause = 2 * time.Millisecond
	lastPause  = 500 * time.Millisecond
	// stripes is the number of locks over the accounts.
	stripes = 512
)

var (
	// ErrFenced: the connector has lost its lease and may write no more.
	ErrFenced = errors.New("this connector's lease has ended")
	// ErrContended: maxAttempts decisions in a row were overtaken.
	ErrContended = errors.New("too many writers on one account")
)

// Accounts gives the state that commands are decided on. The projector's table
// is one.
type Accounts interface {
	// Account returns the account as known here, nil without a history.
	Account(account events.JID) *Account
	// WaitFor returns when Account answers with at least that position.
	WaitFor(ctx context.Context, p events.Position) error
}

// Config is what a Service needs. All fields but Fenced, Clock and Timeout are
// required.
type Config struct {
	Log       events.Log
	Accounts  Accounts
	Connector events.Incarnation // the writer that records name
	// Fenced is closed when the connector may write no more; nil: never.
	Fenced <-chan struct{}
	// Clock gives event time; default time.Now.
	Clock func() time.Time
	// Timeout bounds one command, including the time to learn an unknown
	// outcome; default 10 s.
	Timeout time.Duration
}

// A Service carries out commands: it decides, appends and resolves what may go
// wrong in between (see the package's order of durability). It is safe for
// concurrent use. It keeps no state of its own that matters: every instance on
// every machine is as good as any other.
type Service struct {
	Config
	seed    maphash.Seed
	stripes [stripes]stripe
	stats   Stats
	endings endings
}

// A stripe serializes this process's own writers to the accounts that hash to
// it, which would only get in each other's way.
type stripe struct {
	sync.Mutex
	recent *Account // guarded by the mutex: the last account written here
}

// Stats counts since the start. The fields are read with Load.
type Stats struct {
	Appended   atomic.Uint64 // events stored
	Conflicts  atomic.Uint64 // decisions overtaken by another writer
	Unresolved atomic.Uint64 // attempts whose outcome had to be found out
	Refused    atomic.Uint64 // commands refused by Decide
}

// NewService returns a Service. It panics if the configuration is incomplete.
func NewService(c Config) *Service {
	if c.Log == nil || c.Accounts == nil || c.Connector.Name == "" {
		panic("session: Log, Accounts and Connector are required")
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Timeout == 0 {
		c.Timeout = 10 * time.Second
	}
	return &Service{Config: c, seed: maphash.MakeSeed(), endings: endings{more: make(chan struct{}, 1)}}
}

// Stats returns the live counters.
func (s *Service) Stats() *Stats { return &s.stats }

// Do carries the command out on the account and returns the account as it is
// after the last event, and that event's position (zero if the command needed
// none). cause is the connection or event that led to it, or zero.
//
// A nil error means that every event is stored. Refusals are those of Decide.
// Errors of the log wrap events.ErrUnavailable (nothing was stored),
// events.ErrFull, or events.ErrUnresolved: then the session's state is not
// known, and its stream must end.
func (s *Service) Do(ctx context.Context, account events.JID, cause events.ID, c Command) (*Account, events.Position, error) {
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	lane := &s.stripes[maphash.String(s.seed, account.String())%stripes]
	lane.Lock()
	defer lane.Unlock()
	var written events.Position
	for range maxAttempts {
		a := s.newest(lane, account)
		steps, err := Decide(a, c)
		if err != nil {
			s.stats.Refused.Add(1)
			return a, written, err
		}
		a, pos, err := s.appendAll(ctx, lane, account, cause, a, steps)
		if pos.Seq != 0 {
			written = pos
		}
		var moved *overtakenError
		if !errors.As(err, &moved) {
			return a, written, err
		}
		s.stats.Conflicts.Add(1)
		if err := s.Accounts.WaitFor(ctx, moved.by); err != nil {
			return a, written, fmt.Errorf("%w: wait for the table: %w", events.ErrUnavailable, err)
		}
	}
	return nil, written, ErrContended
}

// newest is the account by the table, or as this process left it if the table
// has not got there yet.
func (s *Service) newest(lane *stripe, account events.JID) *Account {
	a := s.Accounts.Account(account)
	if r := lane.recent; r != nil && r.JID == account && (a == nil || a.Seq < r.Seq) {
		return r
	}
	return a
}

// appendAll appends the steps, each on top of the one before, and returns the
// account that they lead to.
func (s *Service) appendAll(ctx context.Context, lane *stripe, account events.JID, cause events.ID, a *Account, steps []Step) (*Account, events.Position, error) {
	var last events.Position
	prev := events.Seq(0)
	if a != nil {
		prev = a.Seq
	}
	for _, step := range steps {
		now := s.Clock()
		st := events.Stored{Record: events.Record{
			ID: events.NewID(now), Session: step.Session, JID: step.JID, Time: now.UnixNano(),
			Connector: s.Connector, Cause: cause, Prev: prev, Event: step.Event,
		}}
		if st.JID.IsZero() {
			st.JID = account
		}
		pos, err := s.append(ctx, &st.Record)
		if err != nil {
			return a, last, err
		}
		s.stats.Appended.Add(1)
		st.Seq, st.At = pos.Seq, st.Time
		a, last, prev = Apply(a, &st), pos, pos.Seq
		lane.recent = a
	}
	return a, last, nil
}

// An overtakenError says that the account has a record of another writer where
// this one was to go. It never leaves the package.
type overtakenError struct{ by events.Position }

func (e *overtakenError) Error() string { return "overtaken" }

// append stores the record, whatever it takes to know that it is stored once.
// It tries the same record, under the same id, again and again until its
// outcome is certain or the context ends.
func (s *Service) append(ctx context.Context, r *events.Record) (events.Position, error) {
	pause := firstPause
	uncertain := false // an earlier attempt may have stored it
	for {
		if s.fenced() {
			return events.Position{}, ErrFenced
		}
		pos, err := s.Log.Append(ctx, r)
		switch {
		case err == nil:
			return pos, nil
		case errors.Is(err, events.ErrConflict):
			pos, err = s.resolve(ctx, r)
			if err == nil || isOvertaken(err) {
				return pos, err
			}
		case errors.Is(err, events.ErrUnresolved):
			uncertain = true
			s.stats.Unresolved.Add(1)
		case !uncertain:
			return events.Position{}, fmt.Errorf("append %s: %w", r.Event.Kind(), err)
		}
		if !sleep(ctx, rand.N(pause)+pause/2) {
			return events.Position{}, outOfTime(r, uncertain, err)
		}
		pause = min(2*pause, lastPause)
	}
}

// resolve finds out what a conflict means. The record that follows Prev in the
// account's history is this one (an acknowledgement was lost), or another's
// (the decision is overtaken), or there is none: then either a publish that is
// still in flight on a replicated stream was in the way (code 10164), which
// passes, or retention has removed the history that Prev is from, and the
// record goes on top of nothing.
func (s *Service) resolve(ctx context.Context, r *events.Record) (events.Position, error) {
	account := r.Account()
	next, err := s.Log.Next(ctx, account, r.Prev)
	switch {
	case err == nil:
		if next.ID == r.ID {
			return next.Position(), nil
		}
		return events.Position{}, &overtakenError{by: next.Position()}
	case !errors.Is(err, events.ErrNotFound):
		return events.Position{}, err
	}
	if r.Prev != 0 {
		if _, err := s.Log.Last(ctx, account); errors.Is(err, events.ErrNotFound) {
			r.Prev = 0
		}
	}
	return events.Position{}, events.ErrConflict
}

func (s *Service) fenced() bool {
	select {
	case <-s.Fenced:
		return true
	default:
		return false
	}
}

func isOvertaken(err error) bool {
	var o *overtakenError
	return errors.As(err, &o)
}

func outOfTime(r *events.Record, uncertain bool, err error) error {
	if uncertain {
		return fmt.Errorf("append %s: %w", r.Event.Kind(), events.ErrUnresolved)
	}
	return fmt.Errorf("append %s: %w: %w", r.Event.Kind(), events.ErrUnavailable, err)
}

// sleep waits, and reports false if the context ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
