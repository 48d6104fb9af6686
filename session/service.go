package session

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// Limits of a Service.
const (
	// maxAttempts bounds the decisions about one command. Each lost one means
	// that another writer got an event in, so that only a storm on one account
	// gets here.
	maxAttempts = 64
	// stripes is the number of locks over the accounts.
	stripes = 512
)

var (
	// ErrFenced: the connector has lost its lease and may write no more.
	ErrFenced = errors.New("this connector's lease has ended")
	// ErrContended: maxAttempts decisions in a row were overtaken.
	ErrContended = errors.New("too many writers on one account")
)

// States gives the state that commands are decided on. The projector's table
// is one.
type States interface {
	// Account returns the account as known here. nil: it has no sessions, and no
	// record after the one at Forgotten.
	Account(account events.JID) *Account
	// Forgotten is the newest place in the log at which there may be the last record
	// of an account that Account no longer knows. 0: Account knows every account that
	// has a record. It is asked after Account, and does not block.
	Forgotten() events.Seq
	// WaitFor returns when Account answers with at least that position.
	WaitFor(ctx context.Context, p events.Position) error
}

// Config is what a Service needs. All fields but Fenced, Clock and Timeout are
// required.
type Config struct {
	Log       events.Log
	Accounts  States
	Connector events.Incarnation // the writer that records name
	// Fenced is closed when the connector may write no more; nil: never.
	Fenced <-chan struct{}
	// Clock gives event time; default time.Now.
	Clock func() time.Time
	// Timeout bounds one command, including the time to learn an unknown outcome
	// and to wait for a log that can't be reached; default events.MaxOutage.
	Timeout time.Duration
}

// A Service carries out commands: it decides, appends and resolves what may go
// wrong in between (see the package's order of durability). It is safe for
// concurrent use. It keeps no state of its own that matters: every instance on
// every machine is as good as any other.
type Service struct {
	cfg     Config
	seed    maphash.Seed
	down    events.Outage // of the log
	levels  levels        // of its size
	stripes [stripes]stripe
	endings endings

	foreseen   foreseen
	announcing stripe // of events.Connectors, which no account has to wait for
}

// NewService returns a Service. The error says what the configuration lacks.
func NewService(c Config) (*Service, error) {
	if c.Log == nil || c.Accounts == nil || c.Connector.Name == "" {
		return nil, errors.New("session: Log, Accounts and Connector are required")
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Timeout == 0 {
		c.Timeout = events.MaxOutage
	}
	s := &Service{cfg: c, seed: maphash.MakeSeed(), endings: newEndings()}
	for i := range s.stripes {
		s.stripes[i].taken = make(chan struct{}, 1)
	}
	s.announcing.taken = make(chan struct{}, 1)
	return s, nil
}

// Connector is the writer that records name.
func (s *Service) Connector() events.Incarnation { return s.cfg.Connector }

// Log is where the records go.
func (s *Service) Log() events.Log { return s.cfg.Log }

// Do carries the command out on the account and returns the account as it is
// after the last event, and that event's position (zero if the command needed
// none). cause is the connection or event that led to it, or zero; of
// Authenticate and Resume it is the connection that has the session from then
// on.
//
// A nil error means that every event is stored, a refusal (those of Decide) that
// the account is such at this moment and not only as known here. Errors of the
// log wrap events.ErrUnavailable, events.ErrFull (of a log that is nearly full, it is
// ErrReserved for anything but an end) or events.ErrTooLarge: the event is not stored; of several the first ones may be, and then the position
// is not zero. Or they wrap events.ErrUnresolved: then the session's state is
// not known, and its stream must end, by End. After events.ErrRewound nothing
// that this process knows can be relied upon.
func (s *Service) Do(ctx context.Context, account events.JID, cause events.ConnID, c Command) (*Account, events.Position, error) {
	if end, ok := ctx.Deadline(); !ok || time.Until(end) > s.cfg.Timeout { // a timer costs as much as the decision
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, s.cfg.Timeout)
		defer cancel()
	}
	account = account.Bare()
	stripe := s.stripe(account)
	if !stripe.enter(ctx) {
		return nil, events.Position{}, fmt.Errorf("%w: earlier commands take too long", events.ErrUnavailable)
	}
	defer stripe.leave()
	var written events.Position
	for n := range maxAttempts {
		a, pos, err := s.attempt(ctx, stripe, account, cause, c)
		if pos.Seq != 0 {
			written = pos
		}
		moved, ok := errors.AsType[*overtakenError](err)
		if !ok {
			return a, written, err
		}
		stripe.recent = nil // it is older than that, and the table may forget both
		if err := s.catchUp(ctx, account, moved.by, n > 0); err != nil {
			return a, written, fmt.Errorf("%w: wait for the table: %w", events.ErrUnavailable, err)
		}
	}
	return nil, written, ErrContended
}

// catchUp waits until the table has the record that a decision was overtaken
// by. If it wasn't the first, the table may be behind by many: then by all.
func (s *Service) catchUp(ctx context.Context, account events.JID, by events.Position, again bool) error {
	if again {
		if last, err := s.cfg.Log.Last(ctx, account); err == nil && last.Seq > by.Seq {
			by = last.Position()
		}
	}
	return s.cfg.Accounts.WaitFor(ctx, by)
}

// attempt decides once and carries the decision out. An overtakenError says
// that it was, or might have been, about a state of the account that is no
// longer the newest.
func (s *Service) attempt(ctx context.Context, stripe *stripe, account events.JID, cause events.ConnID, c Command) (*Account, events.Position, error) {
	if s.fenced() {
		return nil, events.Position{}, ErrFenced
	}
	if err := s.resolveOpen(ctx, stripe, account); err != nil {
		return nil, events.Position{}, err
	}
	a, asked, err := s.known(ctx, stripe, account)
	if err != nil {
		return nil, events.Position{}, err
	}
	steps, refusal := Decide(a, c)
	if login, ok := c.(Authenticate); ok && errors.Is(refusal, ErrRekeyed) {
		if a, err = s.dated(ctx, a, login.AsOf); err != nil {
			return nil, events.Position{}, err
		}
		steps, refusal = Decide(a, c)
	}
	if len(steps) > 0 {
		return s.appendAll(ctx, stripe, account, cause, a, steps)
	}
	if !asked {
		err = s.confirm(ctx, account, a)
	}
	if err != nil {
		return a, events.Position{}, err
	}
	return a, events.Position{}, refusal
}

// confirm makes sure that a is the account's newest state. An append needs no
// such question, for the compare-and-set answers it; but to refuse, or to find
// that nothing is to be done, is to speak about the account as well, and the
// table may be behind: of a login on another connector, or even of our own, for
// recent remembers one account a stripe.
func (s *Service) confirm(ctx context.Context, account events.JID, a *Account) error {
	var next events.Stored
	err := s.patiently(ctx, func() (err error) {
		next, _, err = s.next(ctx, account, a.seq())
		return err
	})
	switch {
	case err == nil:
		return &overtakenError{by: next.Position()}
	case errors.Is(err, events.ErrNotFound):
		return nil
	}
	return fmt.Errorf("confirm the state of %s: %w", account, err)
}

// appendAll appends the steps, each on top of the one before, and returns the
// account that they lead to.
func (s *Service) appendAll(ctx context.Context, stripe *stripe, account events.JID, cause events.ConnID, a *Account, steps []Step) (*Account, events.Position, error) {
	var last events.Position
	if err := s.levels.admit(steps); err != nil {
		return a, last, err
	}
	for _, step := range steps {
		now := s.cfg.Clock()
		st := &events.Stored{Record: events.Record{
			ID: events.NewEventID(now), Session: step.Session, JID: step.JID, Time: now.UnixNano(),
			Connector: s.cfg.Connector, Cause: cause, Prev: a.seq(), Event: step.Event,
		}}
		if st.JID.IsZero() {
			st.JID = account
		}
		pos, err := s.append(ctx, stripe, &st.Record)
		if err != nil {
			return a, last, err
		}
		s.levels.stored(pos.Seq, step.Event)
		// The log's own time is not known here; the table will have it.
		st.Seq, st.At = pos.Seq, st.Time
		a, last = Apply(a, st), pos
		stripe.recent = a
	}
	return a, last, nil
}

func (s *Service) fenced() bool {
	select {
	case <-s.cfg.Fenced:
		return true
	default:
		return false
	}
}
