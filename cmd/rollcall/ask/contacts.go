package ask

import (
	"context"
	"slices"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector/query"
	"github.com/rollcall-xmpp/rollcall/replay"
	"github.com/rollcall-xmpp/rollcall/session/roster"
)

// A Contact is what an account is shown of one of its contacts, and why. Its
// JSON names are an interface, as query.Session's are.
type Contact struct {
	Account      string          `json:"account"`
	Contact      string          `json:"contact"`
	Name         string          `json:"name"`         // as the account calls it
	Subscription string          `json:"subscription"` // RFC 6121, 2.1.2.5
	Ask          bool            `json:"ask"`          // a request is not answered yet
	Online       bool            `json:"online"`       // what the account's clients show
	Reason       string          `json:"reason"`
	Sessions     []query.Session `json:"sessions"` // that make the contact online
}

// Contacts explains every contact of an account, or only one if it is not zero. The roster
// is that of now, for it is not kept as it was. It fails with auth.ErrNoAccount.
func (s *Source) Contacts(ctx context.Context, account, only events.JID, m replay.Moment) (list []Contact, known Known, err error) {
	r, err := s.Accounts.Contacts(ctx, account)
	if err != nil {
		return nil, known, err
	}
	items := slices.Collect(r.Items())
	if !only.IsZero() {
		item, _ := r.Get(only)
		item.JID = only
		items = []roster.Item{item}
	}
	accounts := make([]events.JID, len(items))
	for i := range items {
		accounts[i] = items[i].JID
	}
	sessions, known, err := s.sessionsOf(ctx, accounts, m)
	for i := range items {
		_, listed := r.Get(items[i].JID)
		list = append(list, explainContact(account, items[i], listed, sessions[accounts[i]]))
	}
	return list, known, err
}

// sessionsOf are the sessions of some accounts at a moment, by account and in order.
func (s *Source) sessionsOf(ctx context.Context, accounts []events.JID, m replay.Moment) (by map[events.JID][]query.Session, known Known, err error) {
	var list []query.Session
	if IsNow(m) {
		known = Known{s.Now.Position(), true}
		list, err = s.Now.SessionsOf(ctx, accounts)
	} else if past, e := replay.At(ctx, s.Archive, m); e == nil {
		known, list = knownOf(past), sessionsOf(past.Table, accounts)
	} else {
		err = e
	}
	sortSessions(list)
	by = make(map[events.JID][]query.Session)
	for _, v := range list {
		by[v.JID.Bare()] = append(by[v.JID.Bare()], v)
	}
	return by, known, err
}

// explainContact says whether a contact is shown online, and why.
func explainContact(account events.JID, item roster.Item, listed bool, sessions []query.Session) Contact {
	v := Contact{
		Account: account.String(), Contact: item.JID.String(), Name: item.Name,
		Subscription: item.Subscription.String(), Ask: item.Ask, Sessions: []query.Session{},
	}
	sees := item.Subscription == roster.To || item.Subscription == roster.Both || account == item.JID
	for _, s := range sessions {
		if sees && s.Available {
			v.Online, v.Sessions = true, append(v.Sessions, s)
		}
	}
	switch {
	case v.Online:
		v.Reason = "available sessions, and the contact's presence is subscribed to"
	case !listed && !sees:
		v.Reason = "not in the roster"
	case !sees && item.Ask:
		v.Reason = "asked for the contact's presence, no answer yet"
	case !sees:
		v.Reason = "not subscribed to the contact's presence"
	case len(sessions) > 0:
		v.Reason = count(len(sessions), "session") + " without presence"
	default:
		v.Reason = "no session"
	}
	return v
}
