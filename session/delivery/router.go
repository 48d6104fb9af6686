package delivery

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// CatchUp bounds the wait for the table, or for stanzas on their way. Past it
// order is given up for the sake of delivery.
const CatchUp = 2 * time.Second

// storeTime bounds the wait for the log, or for a store, at one stanza. It is that
// for an outage: a stanza that would be refused sooner had only to wait for an
// election.
const storeTime = events.MaxOutage

// A Router delivers what the sessions of one connector send, and what other
// connectors send to them. Its methods are for any goroutine.
type Router struct {
	cfg     Config
	domains map[string]bool
	queues  *queues // of parcels that have to wait
	service atomic.Pointer[session.Service]
	asked   atomic.Pointer[session.Service] // the newest service, whose log is asked
	down    events.Outage                   // of the log
}

// Config is what a Router needs. Fields without a default are required.
type Config struct {
	// Domains that are served, prepared (RFC 7622, 3.2).
	Domains []string
	// Table is the state of all sessions everywhere.
	Table Table
	// Courier carries parcels to other connectors.
	Courier Courier
	// Offline keeps messages for accounts that nobody is there for; nil: they are
	// refused.
	Offline Offline
	// Local is what this connector holds.
	Local Local
	// Policy is what the rules of delivery leave open.
	Policy Policy
	// Limits of one stanza, as it is read again; see stanza.Limits.
	Limits stanza.Limits
	// Logger is told what an operator should see; nil: nobody is told.
	Logger *slog.Logger
}

// A Table answers where stanzas go. The projector's is one. All methods are
// for any goroutine.
type Table interface {
	// Account is what the log says of a JID's account, nil if it has no sessions. It
	// never changes, and neither do its sessions.
	Account(events.JID) *session.Account
	// Session has the full JID and can be reached; nil if there is none.
	Session(full events.JID) *session.Session
	// IsLost reports that the incarnation's lease has ended.
	IsLost(events.Incarnation) bool
	// WaitFor returns when the table has what is stored at the position and
	// those that observe it were told.
	WaitFor(context.Context, events.Position) error
	// Position is the newest one for which WaitFor returns at once.
	Position() events.Position
}

// A Courier brings parcels to a connector's incarnation, in order on each track
// and once each while both live.
type Courier interface {
	// Send gives the parcel's place among those sent there on the track. An
	// error says that it was not sent.
	Send(to events.Incarnation, track uint8, payload []byte) (place uint64, err error)
	// Arrived reports that all on the track up to the place are handled or given
	// back.
	Arrived(to events.Incarnation, track uint8, place uint64) bool
	// Await waits until they have.
	Await(ctx context.Context, to events.Incarnation, track uint8, place uint64) error
	// Return gives back what an incarnation that has ended is not known to have
	// handled, and ends sending there. It returns when each done was called.
	Return(of events.Incarnation, again func(payload []byte, sent time.Time, done func()))
}

// Offline keeps what was sent to an account while it was away (XEP-0160). Store
// fails with events.ErrFull at the account's limit. Take gives the oldest first and
// removes each when the loop goes on; one loop at a time gets an account's, over
// all connectors. A loop that dies over a message leaves that for the next one.
type Offline interface {
	Store(ctx context.Context, account events.JID, data []byte) error
	Take(ctx context.Context, account events.JID) iter.Seq2[events.Document, error]
}

// Local knows the sessions that this connector holds, those without a connection
// included. Its methods are for any goroutine.
type Local interface {
	// Recipient is a session's, nil if it is not here.
	Recipient(events.SessionID) *Recipient
	// Recipients are those of an account.
	Recipients(account events.JID) []*Recipient
}

// Policy is what only a connector that speaks to clients knows. Its functions are
// for any goroutine; all but Exists may be nil.
type Policy struct {
	// Exists reports whether there is such an account.
	Exists func(ctx context.Context, account events.JID) (bool, error)
	// Fleeting reports an account of which nothing is kept: it exists in its sessions
	// alone.
	Fleeting func(account events.JID) bool
	// Keeps reports that there is such an account and that messages may wait for it; nil:
	// for all that there are.
	Keeps func(ctx context.Context, account events.JID) (bool, error)
	// Blocked returns a function that reports whether the account blocks a
	// sender, nil if it blocks nobody. It is asked before a message that was
	// stored is handed over, and about stanzas from other connectors, where the
	// list may be an older one; the caller has looked at what its own clients
	// send.
	Blocked func(account events.JID) func(from events.JID) bool
	// ShowDirected calls hand, which hands out a directed presence, unless its
	// recipient may not see it by now; nothing newer of its sender may be shown
	// meanwhile.
	ShowDirected func(presence *stanza.Element, hand func())
	// Event gives an event of personal eventing (XEP-0163) the address of the
	// session that is to get it, or nil if its client does not ask for such.
	Event func(session events.SessionID, message *stanza.Element) []byte
}

// New returns a router without a connector's incarnation; see Begin.
func New(cfg Config) (*Router, error) {
	if cfg.Table == nil || cfg.Courier == nil || cfg.Local == nil || cfg.Policy.Exists == nil {
		return nil, errors.New("delivery: Table, Courier, Local and Policy.Exists are required")
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	r := &Router{cfg: cfg, domains: map[string]bool{}, queues: newQueues()}
	for _, d := range cfg.Domains {
		r.domains[d] = true
	}
	return r, nil
}

// Begin tells the router whose incarnation it delivers for, and the log to ask
// about accounts. nil: it has none any longer, and nothing that others hold;
// the stanzas that it still has are decided about by the same log.
func (r *Router) Begin(svc *session.Service) {
	if svc != nil {
		r.asked.Store(svc)
	}
	r.service.Store(svc)
}

// Served reports that a domain is one of ours.
func (r *Router) Served(domain string) bool { return r.domains[domain] }

// Reach waits for the table to have what is stored at p, and for its observers to
// have been told, up to 2 s.
func (r *Router) Reach(p events.Position) {
	if r.cfg.Table.Position().Seq >= p.Seq {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), CatchUp)
	defer cancel()
	r.cfg.Table.WaitFor(ctx, p)
}

// Sync waits for the table to have all that the log has at this moment, and for its
// observers to have been told.
func (r *Router) Sync(ctx context.Context) error {
	svc := r.service.Load()
	if svc == nil {
		return nil
	}
	log, err := svc.Log().Info(ctx)
	if err != nil {
		return err
	}
	return r.cfg.Table.WaitFor(ctx, events.Position{Stream: log.Stream, Seq: log.Last})
}

// self is the connector's incarnation, zero while it has none.
func (r *Router) self() events.Incarnation {
	if svc := r.service.Load(); svc != nil {
		return svc.Connector()
	}
	return events.Incarnation{}
}

// newest makes the table know all that the log has of an account at this moment.
func (r *Router) newest(ctx context.Context, account events.JID) error {
	svc := r.asked.Load()
	if svc == nil {
		return nil
	}
	last, err := svc.Log().Last(ctx, account)
	if errors.Is(err, events.ErrNotFound) {
		return nil
	}
	if poison, ok := errors.AsType[*events.PoisonError](err); ok {
		return r.cfg.Table.WaitFor(ctx, events.Position{Seq: poison.Seq}) // the table passes over it, too
	}
	if err != nil {
		return err
	}
	return r.cfg.Table.WaitFor(ctx, last.Position())
}

// patientNewest is newest for a stanza that would otherwise be refused: it waits for
// a log that can't be reached, as while a cluster elects its leader, until the outage
// is a long one.
func (r *Router) patientNewest(ctx context.Context, account events.JID) error {
	for pause := firstFetch; ; pause = min(2*pause, lastFetch) {
		err := r.newest(ctx, account)
		if !errors.Is(err, events.ErrUnavailable) {
			r.down.Reached()
			return err
		}
		if !r.down.Failed() {
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return err
		}
	}
}
