package c2s

import (
	"context"
	"errors"
	"time"

	"rollcall/events"
	"rollcall/session"
)

// Messages that waited: XEP-0160.
//
// They come before whatever was sent after them. A client that becomes able to
// get what waits looks for it, and until it has all, who sends it something waits
// with it; it begins to look before anybody can see it coming. Who stores a
// message asks the log afterwards whether somebody has come meanwhile, and if so
// tells that session to look once more, by a parcel ahead of the next one. When a
// session goes, the account's others look, for it may have left something. See look.go.

// lookAfter makes an account's other clients here look when one of its sessions
// can't get any more what waits: it may have been at it.
func (s *Server) lookAfter(was, is *session.Session) {
	able := func(t *session.Session) bool { return t != nil && t.Available() && t.Priority >= 0 }
	if s.cfg.Waiting == nil || !able(was) || able(is) {
		return
	}
	a := s.hub.account(was.JID.Bare())
	if a == nil {
		return
	}
	for _, cl := range s.hub.clientsOf(a) {
		if cl.session != was.ID { // which may not know of its end yet
			cl.lookSoon()
		}
	}
}

// keepFor stores a message for an account, and has it fetched if somebody has
// come meanwhile.
func (m *mail) keepFor(account events.JID) error {
	ctx, cancel := context.WithTimeout(context.Background(), loginTime)
	defer cancel()
	m.ways.turn(m.srv, account, nil)
	late := *m
	if late.since == 0 {
		late.since = time.Now().UnixNano()
	}
	late.buf = nil
	if err := m.srv.cfg.Waiting.Store(ctx, account, late.stamped()); err != nil {
		return err
	}
	for pause := firstLook; ; pause = min(2*pause, lastLook) {
		err := m.announce(ctx, account)
		if err == nil {
			return nil
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			// It is stored; whoever comes next gets it.
			m.srv.cfg.Logger.Warn("a message waits, and somebody may be there", "account", account.String(), "error", err)
			return nil
		}
	}
}

// announce tells a session that is there to look. The log is asked, not the
// table, which may be behind: whoever is not there now, after the message was
// stored, looks after it was.
func (m *mail) announce(ctx context.Context, account events.JID) error {
	s := m.srv
	if svc := s.service.Load(); svc != nil {
		last, err := svc.Log.Last(ctx, account)
		if err == nil {
			err = s.cfg.Table.WaitFor(ctx, last.Position())
		}
		if err != nil && !errors.Is(err, events.ErrNotFound) {
			return err
		}
	}
	found, err := s.lookBy(account, s.routes(account), parcel{lane: laneOf(m.from), hops: m.hops}, m.ways)
	if err == nil && !found {
		err = errUnable
	}
	return err
}
