package delivery

import (
	"context"
	"errors"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// Offline messages: XEP-0160.
//
// They come before whatever was sent after them. A session that becomes able to
// take what waits fetches it, and until it has all, senders wait with it; it begins
// to fetch before anybody can see it coming. Whoever stores a message asks the log
// afterwards whether a session has come meanwhile, and if so tells it to fetch once
// more, by a parcel ahead of the next one. When a session goes, the account's others
// fetch, for it may have left something. See fetch.go.

// store keeps a message for an account that nobody is there for, or refuses it: an
// account that does not exist and one whose store is full are answered alike
// (RFC 6121, 8.5.1 and 8.5.2.2.1), and so is a message that its sender does not
// want stored (XEP-0334).
func (m *routing) store() error {
	switch {
	case onlyChatStates(m.el) && !m.hint("store"):
		return nil
	case m.hint("no-store"):
		return &stanza.Error{Condition: stanza.ServiceUnavailable}
	}
	err := m.storeFor(m.to.Bare())
	if errors.Is(err, events.ErrFull) {
		return &stanza.Error{Condition: stanza.ServiceUnavailable}
	}
	return err
}

// storeFor keeps a message for an account, and has it fetched if a session has come
// meanwhile.
func (m *routing) storeFor(account events.JID) error {
	m.inflight.barrier(m.router, account, nil)
	late := *m
	if late.since == 0 {
		late.since = time.Now().UnixNano()
	}
	late.buf = nil
	ctx, cancel := context.WithTimeout(context.Background(), storeTime)
	err := m.router.cfg.Offline.Store(ctx, account, late.stamped())
	cancel()
	if err == nil {
		m.announceStored(account)
	}
	return err
}

// announceStored announces a message, as often as it takes: whoever waited for the
// store may have to wait for the log as well.
func (m *routing) announceStored(account events.JID) {
	ctx, cancel := context.WithTimeout(context.Background(), storeTime)
	defer cancel()
	for pause := firstFetch; ; pause = min(2*pause, lastFetch) {
		err := m.announce(ctx, account)
		if err == nil {
			return
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			// It is stored; the next session to come gets it.
			m.router.cfg.Logger.Warn("a message waits, and somebody may be there", "account", account.String(), "error", err)
			return
		}
	}
}

// announce tells a session that is there to fetch. The log is asked, not the
// table, which may be behind: a session that is not there now, after the message
// was stored, fetches when it comes.
func (m *routing) announce(ctx context.Context, account events.JID) error {
	r := m.router
	if err := r.newest(ctx, account); err != nil {
		return err
	}
	found, err := r.fetchBy(account, r.Reachable(account).Best(), parcel{lane: laneOf(m.from), hops: m.hops}, m.inflight)
	if err == nil && !found {
		err = errUnreceptive
	}
	return err
}

// FetchAfter makes an account's other sessions here fetch what waits when one of
// its sessions can no longer take it: it may have been at it. was and is are the
// session before and after an event; either may be nil.
func (r *Router) FetchAfter(was, is *session.Session) {
	takes := func(t *session.Session) bool { return t != nil && t.Available() && t.Priority >= 0 }
	if r.cfg.Offline == nil || !takes(was) || takes(is) {
		return
	}
	for _, o := range r.cfg.Local.Recipients(was.JID().Bare()) {
		if o.session != was.ID { // which may not know of its end yet
			o.fetchSoon()
		}
	}
}
