package projector

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// A Table is the state of all sessions at one sequence of the log. Its methods
// are safe for concurrent use, but for Fold and Skip, which are one
// goroutine's. The values that it returns are immutable.
type Table struct {
	accounts  *index
	lost      lostList
	leases    atomic.Pointer[session.Leases] // see Leases; written by the folding goroutine, with mu
	watermark watermark
	interner  *interner     // the folding goroutine's; see texts
	forgotten atomic.Uint64 // an events.Seq; never goes back

	// mu keeps the fold of one record together for View and Stats. No lookup
	// takes it.
	mu        sync.Mutex
	folded    events.Seq // the newest record that accounts shows
	begun     bool       // the place where the fold began is known
	hints     hints
	stats     stats
	snapshots []*snapshot
}

var (
	_ session.States  = (*Table)(nil)
	_ session.Holders = (*Table)(nil)
)

// NewTable returns the table of an empty log.
func NewTable() *Table {
	return &Table{accounts: newIndex(), interner: newInterner(), hints: hints{limit: maxHints}, stats: newStats()}
}

// Account returns the account of a JID, whose Seq is the condition of its next append;
// nil if it has no sessions and its last record is not one of the newest, as
// Forgotten says. It allocates nothing.
func (t *Table) Account(jid events.JID) *session.Account {
	bare := jid.Bare()
	return t.accounts.get(t.accounts.hash(bare), bare)
}

// Forgotten is the newest place in the log at which there may be the last record of
// an account that Account doesn't know. 0: it knows all. It is to be asked after
// Account.
func (t *Table) Forgotten() events.Seq { return events.Seq(t.forgotten.Load()) }

// Session returns the connected resource that has the full JID, or nil if there
// is none, or none that can be reached because its connector is lost. It
// allocates nothing.
func (t *Table) Session(full events.JID) *session.Session {
	s := t.Account(full).Resource(full.Resource())
	if s == nil || t.unreachable(s) {
		return nil
	}
	return s
}

// Routes returns the sessions that a message to the bare JID goes to: of the
// available resources that can be reached all that are tied at the highest
// priority, if that is not negative (RFC 6121, 8.5.2.1.1). The slice must not be
// changed. It allocates nothing unless a connector of the account was just lost.
func (t *Table) Routes(bare events.JID) []*session.Session {
	a := t.Account(bare)
	if a == nil {
		return nil
	}
	return session.BestOf(t.withoutLost(a.Sessions()))
}

// Position is the newest one for which WaitFor returns at once.
func (t *Table) Position() events.Position { return t.watermark.position() }

// WaitFor returns when the table shows the record at the position and the
// observer has been told of it. It fails with ErrOtherStream, with ErrStopped
// if nobody folds any longer, or with the error of ctx. An observer that waits
// for a record after the one at hand waits for itself.
func (t *Table) WaitFor(ctx context.Context, p events.Position) error {
	return t.watermark.wait(ctx, p)
}

// Fold applies one record and returns its account before and after it, twice nil for
// one of events.Connectors, which is nobody's. A record at or before the last one
// changes nothing: after is then before. The texts of st are copied where the table
// keeps them.
func (t *Table) Fold(st *events.Stored) (before, after *session.Account) {
	before, after = t.show(st)
	t.watermark.follow(st.Stream)
	t.watermark.advance(st.Seq)
	return before, after
}

// Skip passes over a record that can't be decoded.
func (t *Table) Skip(p *events.PoisonError) {
	t.mu.Lock()
	if p.Seq > t.folded {
		t.begin(p.Seq - 1)
		t.folded = p.Seq
		t.stats.poison(p)
	}
	t.mu.Unlock()
	t.watermark.advance(p.Seq)
}

// pass goes on to a sequence without a record: nothing up to it is left.
func (t *Table) pass(seq events.Seq) {
	t.mu.Lock()
	t.begin(seq)
	t.folded = max(t.folded, seq)
	t.mu.Unlock()
	t.watermark.advance(seq)
}

// show makes the record visible to readers, but to none that wait for it.
func (t *Table) show(st *events.Stored) (before, after *session.Account) {
	bare := st.JID.Bare()
	if bare == events.Connectors {
		t.showLease(st)
		return nil, nil
	}
	h := t.accounts.hash(bare)
	before = t.accounts.get(h, bare)
	t.mu.Lock()
	defer t.mu.Unlock()
	if st.Seq <= t.folded {
		return before, before
	}
	t.begin(st.Seq - 1)
	own := *st
	t.texts().intern(&own, before)
	after = session.Apply(before, &own)
	for _, v := range t.snapshots {
		v.save(before)
	}
	t.accounts.put(h, after)
	t.folded = st.Seq
	t.stats.record(st, before, after, t.Forgotten())
	if len(after.Sessions()) == 0 {
		t.hints.add(after)
	}
	t.forget()
	t.forgetLeases()
	return before, after
}
