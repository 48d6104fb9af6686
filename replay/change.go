package replay

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// A Change is how one session differs between two moments.
type Change struct {
	Before *session.Session // as it was at the first; nil: it has begun since
	After  *session.Session // as it was at the second; nil: it has ended since
	End                     // of one that has ended; zero if that was not looked for

	// LostBefore and LostAfter say that its connector's lease had ended at the first
	// moment and at the second, as far as the log knew then.
	LostBefore, LostAfter bool

	seq events.Seq // of the account's last record at the first moment
}

// Session is the session as it was last in the two moments.
func (c *Change) Session() *session.Session { return cmp.Or(c.After, c.Before) }

// A Difference names what of a session is another than it was. The names are an
// interface, for scripts read them.
type Difference string

// The differences of a session that was there at both moments, in the order in
// which Change.Differences lists them.
const (
	Bound            Difference = "bound"      // it has got its resource
	ConnectorChanged Difference = "connector"  // another one holds it
	Resumed          Difference = "resumed"    // another connection has taken it over
	Detached         Difference = "detached"   // its connection is gone and it waits
	Lost             Difference = "lost"       // its connector's lease has ended
	Presence         Difference = "presence"   // it sent another one, became available or no longer is
	Priority         Difference = "priority"   // of that presence
	Interested       Difference = "interested" // in pushes of the roster
	Carbons          Difference = "carbons"    // were switched on or off
	Management       Difference = "management" // of the stream was switched on
	Directed         Difference = "directed"   // presence was sent to others, or taken back
)

// Differences lists what of the session is another than it was. It is empty if the
// session is new or gone.
func (c *Change) Differences() (all []Difference) {
	if c.Before == nil || c.After == nil {
		return nil
	}
	a, b := c.Before, c.After
	for _, d := range [...]struct {
		differs bool
		name    Difference
	}{
		{a.JID() != b.JID() || a.Bound() != b.Bound(), Bound},
		{a.Connector() != b.Connector(), ConnectorChanged},
		{a.Conn != b.Conn || a.Detached() && !b.Detached(), Resumed},
		{b.Detached() && a.DetachedUntil() != b.DetachedUntil() || b.Detached() && !a.Detached(), Detached},
		{c.LostAfter && !c.LostBefore, Lost},
		{a.Available() != b.Available() || a.Presence != b.Presence || a.PresenceAt != b.PresenceAt, Presence},
		{a.Priority != b.Priority, Priority},
		{a.Interested() != b.Interested(), Interested},
		{a.Carbons() != b.Carbons(), Carbons},
		{a.Managed() != b.Managed() || a.Resumable() != b.Resumable(), Management},
		{!slices.Equal(a.Directed(), b.Directed()), Directed},
	} {
		if d.differs {
			all = append(all, d.name)
		}
	}
	return all
}

// manySteps is how many records FindEnd asks for one by one.
const manySteps = 32

// FindEnd looks in the account's own records for the end of a session that is gone. It
// asks for them one by one as long as they are few, which is what costs least.
func (c *Change) FindEnd(ctx context.Context, log events.Log) error {
	if c.After != nil || c.Ended != 0 {
		return nil
	}
	of := Span{Of: c.Before.JID().Bare()}
	a := session.NewAccount(of.Of, c.seq).With([]*session.Session{c.Before})
	for range manySteps {
		st, err := log.Next(ctx, of.Of, a.Seq)
		poison, passed := errors.AsType[*events.PoisonError](err)
		switch {
		case errors.Is(err, events.ErrNotFound):
			return nil
		case passed:
			a = session.NewAccount(of.Of, poison.Seq).With(a.Sessions())
			continue
		case err != nil:
			return of.reading(err)
		}
		after := session.Apply(a, &st)
		if c.ends(a, after, &st) {
			return nil
		}
		a = after
	}
	for st, err := range events.Intact(log.Read(ctx, events.Range{Account: of.Of, After: a.Seq})) {
		if err != nil {
			return of.reading(err)
		}
		after := session.Apply(a, st)
		if c.ends(a, after, st) {
			return nil
		}
		a = after
	}
	return ctx.Err()
}

// ends takes the end from the record if that has ended the session.
func (c *Change) ends(before, after *session.Account, st *events.Stored) bool {
	gone, end := Endings(before, after, st)
	found := slices.ContainsFunc(gone, func(s *session.Session) bool { return s.ID == c.Before.ID })
	if found {
		c.End = end
	}
	return found
}

// changes are the differences of one account, those of sessions that are gone
// before the others, by the beginnings of the sessions. Either may be nil.
func changes(before, after *session.Account, leases leasesOfTwo) (all []Change) {
	if before != nil {
		for _, s := range before.Sessions() {
			c := Change{Before: s, After: after.Session(s.ID), seq: before.Seq}
			leases.mark(&c)
			if c.After == nil || len(c.Differences()) > 0 {
				all = append(all, c)
			}
		}
	}
	if after != nil {
		for _, s := range after.Sessions() {
			if before.Session(s.ID) == nil {
				c := Change{After: s}
				leases.mark(&c)
				all = append(all, c)
			}
		}
	}
	slices.SortFunc(all, func(a, b Change) int {
		s, o := a.Session(), b.Session()
		return cmp.Or(compareBool(a.After != nil, b.After != nil), cmp.Compare(s.Since, o.Since), slices.Compare(s.ID[:], o.ID[:]))
	})
	return all
}

// compareBool has false before true.
func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}
