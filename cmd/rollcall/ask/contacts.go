package ask

import (
	"context"

	"rollcall/events"
	"rollcall/projector/query"
	"rollcall/replay"
	"rollcall/session/roster"
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
	all, known, err := s.Sessions(ctx, Which{}, m)
	if err != nil {
		return nil, known, err
	}
	sessions := make(map[events.JID][]query.Session)
	for _, v := range all {
		sessions[v.JID.Bare()] = append(sessions[v.JID.Bare()], v)
	}
	if !only.IsZero() {
		item, ok := r.Get(only)
		if !ok {
			item.JID = only
		}
		return []Contact{explainContact(account, item, ok, sessions[only])}, known, nil
	}
	for item := range r.Items() {
		list = append(list, explainContact(account, item, true, sessions[item.JID]))
	}
	return list, known, nil
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
