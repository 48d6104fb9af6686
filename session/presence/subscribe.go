package presence

import (
	"context"
	"slices"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/roster"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// Presence subscriptions: RFC 6121, 3 and appendix A. Both rosters are ours to
// change. Package roster knows in which order they are changed, and how they come
// to say the same whatever both users do at once (roster.Send); this file reaches
// them, and shows the users what follows.

// Subscription handles the client's subscribe, subscribed, unsubscribe or
// unsubscribed. An error is a *stanza.Error, or one of package roster, or of a store.
func (res *Resource) Subscription(el *stanza.Element, kind roster.Kind, contact events.JID) error {
	if contact.IsZero() || contact == res.home.jid {
		return refuse(stanza.BadRequest)
	}
	if !res.srv.cfg.Served(contact.Domain()) {
		return refuse(stanza.RemoteServerNotFound)
	}
	// The bare JIDs count (RFC 6121, 3.1.2).
	b := el.AppendTo(nil, stanza.Stamp{From: res.home.jid.String(), To: contact.String()})
	if kind == roster.Subscribe && len(b) > roster.MaxRequest {
		return &stanza.Error{Condition: stanza.PolicyViolation, Text: "the request is too large to be kept"}
	}
	return roster.Send(&exchange{srv: res.srv, user: res.home.jid, kind: kind, stanza: b}, res.home.jid, contact, kind)
}

// removeItem cancels both directions and removes the item (RFC 6121, 2.5.2).
func (res *Resource) removeItem(contact events.JID, answer func()) error {
	x := &exchange{srv: res.srv, user: res.home.jid, answer: answer}
	err := roster.Cancel(x, res.home.jid, contact)
	if err != nil && x.answer == nil {
		res.srv.cfg.Logger.Warn("the contact's roster does not say yet that an item is gone", "contact", contact.String(), "error", err)
		return nil
	}
	return err
}

// An exchange reaches the rosters of two users of whom one has said something. It
// implements roster.Ends.
type exchange struct {
	srv    *Service
	user   events.JID // whoever has said it, zero if nobody has
	kind   roster.Kind
	stanza []byte // nil: a plain one
	answer func() // called when the user's roster is changed, once
}

// Read implements roster.Ends, as the methods after it do. A user without an
// account here has no roster.
func (x *exchange) Read(account events.JID) (*roster.Roster, error) {
	if account.Local() == "" || !x.srv.cfg.Served(account.Domain()) {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), storeTime)
	defer cancel()
	return x.srv.Read(ctx, account)
}

func (x *exchange) Change(account events.JID, by func(*roster.Roster) (roster.Change, error)) (roster.Change, error) {
	if account != x.user {
		return x.srv.changeRoster(account, by, nil)
	}
	c, err := x.srv.changeRoster(account, by, x.answer)
	if err == nil {
		x.answer = nil
	}
	return c, err
}

// Admits does not tell of an account that is unknown or blocks the user (RFC 6121,
// 8.5.1; XEP-0191, 3.3): the request is dropped.
func (x *exchange) Admits(account, user events.JID) (bool, error) {
	if x.srv.blocks.of(account).blocks(user) {
		return false, nil
	}
	return x.srv.cfg.Exists(account)
}

func (x *exchange) Stanza(account, user events.JID, k roster.Kind) []byte {
	switch {
	case k != roster.Subscribe && x.srv.blocks.of(account).blocks(user):
		return nil
	case user != x.user || k != x.kind || x.stanza == nil || k != roster.Subscribe && len(x.stanza) > roster.MaxNotice:
		return plainSubscription(user, account, k)
	}
	return slices.Clone(x.stanza)
}

func (x *exchange) Granted(owner, watcher events.JID) {
	if !x.srv.blocks.of(watcher).blocks(owner) {
		x.srv.cfg.Granted(owner, watcher)
	}
}

// maxMended bounds how many of a roster's requests are looked after when it is read.
const maxMended = 32

// mend looks after the requests in a roster that is read here for the first time,
// those of the user and those to it: a connector may have died between one roster
// and the other (see roster.Agree). It does not wait.
func (s *Service) mend(account events.JID, r *roster.Roster) {
	var pairs [][2]events.JID // of a watcher and an owner
	for item := range r.Items() {
		if item.Ask && len(pairs) < maxMended {
			pairs = append(pairs, [2]events.JID{account, item.JID})
		}
	}
	for q := range r.Requests() {
		if len(pairs) < maxMended {
			pairs = append(pairs, [2]events.JID{q.From, account})
		}
	}
	if len(pairs) == 0 {
		return
	}
	go func() {
		for _, p := range pairs {
			if err := roster.Agree(&exchange{srv: s}, p[0], p[1]); err != nil {
				s.cfg.Logger.Debug("two rosters may not agree", "watcher", p[0].String(), "owner", p[1].String(), "error", err)
			}
		}
	}()
}

// plainSubscription says nothing but what it is.
func plainSubscription(user, contact events.JID, kind roster.Kind) []byte {
	b := stanza.AppendAttr([]byte("<presence"), "from", user.String())
	b = stanza.AppendAttr(b, "to", contact.String())
	return append(stanza.AppendAttr(b, "type", kind.String()), "/>"...)
}

// notify hands over what subscription stanzas the change of a roster brought:
// a request to the available resources (RFC 6121, 3.1.3), an answer to the
// interested ones (3.1.6). The caller holds a.mu.
func (a *account) notify(s *Service, old, next *roster.Roster) {
	for _, res := range s.index.resourcesOf(a) {
		if res.interested {
			for _, n := range next.NoticesSince(old) {
				res.send(n)
			}
		}
		if res.available.Load() {
			for _, q := range next.RequestsSince(old) {
				res.send(q.Stanza)
			}
		}
	}
}
