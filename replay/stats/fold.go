package stats

import (
	"iter"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector"
	"github.com/rollcall-xmpp/rollcall/replay"
	"github.com/rollcall-xmpp/rollcall/replay/public"
	"github.com/rollcall-xmpp/rollcall/session"
)

// A figure is computed from the changes of a span, in their order. All its methods are
// one goroutine's.
type figure interface {
	begin(f *fold)           // the table is as it was before the span
	reach(f *fold, at int64) // the next record is of that time; the table does not have it yet
	take(c *change)          // it has it
	end(f *fold)             // the table is as it was at the end, and the span is known
	answer(all *Answer)      // writes the rows
}

// nothing is for figures to have that need not do all of that.
type nothing struct{}

func (nothing) begin(*fold)        {}
func (nothing) reach(*fold, int64) {}
func (nothing) end(*fold)          {}

// A change is a record of the span that may matter, and what it has changed.
type change struct {
	*events.Stored
	at            int64 // to which it belongs, Unix nanoseconds
	before, after *session.Account
	old           *session.Session   // of the record, before it; nil: there was none
	ended         []*session.Session // that it has ended
	reason        events.Reason      // why it has
	fold          *fold
}

// A fold is the table that a span goes on from, and what the table does not tell of its
// sessions.
type fold struct {
	steps
	table   *projector.Table
	at      int64 // of the newest record
	stays   map[events.SessionID]*stay
	clients words
	figures []figure
	change  change // that take makes, again and again
}

// A stay is what is known of a session from the span only.
type stay struct {
	client   string
	detached int64 // since when it is; 0: it is not, or was already before the span
}

func newFold(table *projector.Table, s steps, figures []figure) *fold {
	f := &fold{steps: s, table: table, at: s.since, stays: map[events.SessionID]*stay{}, clients: words{}, figures: figures}
	for _, g := range figures {
		g.begin(f)
	}
	return f
}

// timeOf is the time to which a record belongs.
func (f *fold) timeOf(at int64) int64 { return max(f.at, at) }

// take carries out a record. It is valid until take returns.
func (f *fold) take(st *events.Stored) {
	f.at = f.timeOf(st.At)
	if !matters(st.Event) {
		return
	}
	for _, g := range f.figures {
		g.reach(f, f.at)
	}
	c := &f.change
	*c = change{Stored: st, at: f.at, ended: c.ended[:0], fold: f}
	c.before, c.after = f.table.Fold(st)
	c.old = c.before.Session(st.Session)
	gone, end := replay.Endings(c.before, c.after, st)
	c.ended, c.reason = append(c.ended, gone...), end.Reason
	if e, ok := st.Event.(events.Authenticated); ok && c.old == nil {
		f.stays[st.Session] = &stay{client: f.clients.of(public.Software(e.Agent))}
	}
	for _, g := range f.figures {
		g.take(c)
	}
	f.follow(c)
}

// matters reports an event that may change a figure. The others, presence above all, are
// most of a log; a table without them has the same sessions.
func matters(e events.Event) bool {
	switch e.(type) {
	case events.Authenticated, events.Bound, events.Refreshed, events.Detached, events.Resumed, events.Closed,
		events.AccountRemoved, events.ConnectorStarted, events.ConnectorStopped, events.ConnectorLost:
		return true
	}
	return false
}

// follow keeps what later records are asked about.
func (f *fold) follow(c *change) {
	for _, s := range c.ended {
		delete(f.stays, s.ID)
	}
	switch {
	case c.detaches():
		f.stayOf(c.Session).detached = c.at
	case c.resumes():
		f.stayOf(c.Session).detached = 0
	}
}

// stayOf is the session's, which begins if nothing is known of it.
func (f *fold) stayOf(id events.SessionID) *stay {
	s := f.stays[id]
	if s == nil {
		s = &stay{}
		f.stays[id] = s
	}
	return s
}

// known is what is known of a session from the span.
func (f *fold) known(id events.SessionID) (s stay) {
	if known := f.stays[id]; known != nil {
		s = *known
	}
	return s
}

// accounts gives those that have sessions now.
func (f *fold) accounts(yield func(*session.Account)) {
	f.table.Snapshot(func(_ events.Position, all iter.Seq[*session.Account]) {
		for a := range all {
			yield(a)
		}
	})
}

// detaches reports that a session that was online has lost its connection.
func (c *change) detaches() bool {
	_, is := c.Event.(events.Detached)
	return is && c.old != nil && c.old.Bound() && !c.old.Detached()
}

// resumes reports that a session that was online got another connection.
func (c *change) resumes() bool {
	_, is := c.Event.(events.Resumed)
	return is && c.old != nil && c.old.Bound()
}

// online is how many of an account's sessions are online; a may be nil.
func online(a *session.Account) (n int) {
	for _, s := range a.Sessions() {
		if s.Bound() {
			n++
		}
	}
	return n
}
