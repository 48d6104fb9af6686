package c2s

import (
	"context"
	"fmt"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// Observe follows the live tail of the log: account was before, is after, and
// st is what happened. One goroutine calls it, in the order of the log; it does
// not block.
func (s *Server) Observe(before, after *session.Account, st *events.Stored) {
	if e, ok := st.Event.(events.Authenticated); ok && st.Connector.Name != s.self().Name {
		s.logins.count(after.JID(), s.loginPace(e.Role), time.Unix(0, st.Time))
	}
	if changesRoles(st.Event) {
		s.observeRoles(after)
	}
	s.LearnLogin(st)
	s.presence.Observe(before, after, st)
	s.router.FetchAfter(before.Session(st.Session), after.Session(st.Session))
}

// awaitRoutes waits for the table to route by the record stored at p. It is
// called before every answer that promises as much, for the client may rely on
// it with its next stanza, or tell others to (RFC 6120, 7.1; XEP-0280, 4). An
// error ends the stream: what the client asked for is stored, and does not hold
// yet.
func (s *Server) awaitRoutes(ctx context.Context, p events.Position) error {
	if err := s.cfg.Table.WaitFor(ctx, p); err != nil {
		return fmt.Errorf("%w: wait for the table: %w", events.ErrUnresolved, err)
	}
	return nil
}

// learnEnd waits for Observe to come by the end of a session that the log has
// told us is over: Observe knows why.
func (s *Server) learnEnd(a *session.Account) {
	if a != nil {
		s.router.Reach(events.Position{Seq: a.Seq})
	}
}

// endByLog ends the stream of a session whose end somebody wrote.
func (s *Server) endByLog(id events.SessionID, e events.Closed) {
	if cl := s.hub.client(id); cl != nil {
		cl.endSoon(endingByLog(e))
	} else if c := s.hub.conn(id); c != nil && e.Reason != events.ReasonResumed {
		c.End(endingByLog(e))
	}
}

// FollowRosters follows the changes of rosters; see [presence.Service.FollowRosters].
func (s *Server) FollowRosters(ctx context.Context) error { return s.presence.FollowRosters(ctx) }

// FollowBlocked follows the changes of block lists; see
// [presence.Service.FollowBlocked].
func (s *Server) FollowBlocked(ctx context.Context) error { return s.presence.FollowBlocked(ctx) }
