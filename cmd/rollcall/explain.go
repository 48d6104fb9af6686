package main

import (
	"fmt"

	"rollcall/events"
	"rollcall/session"
	"rollcall/session/delivery"
)

// A verdict is what people are told of where stanzas of one kind go, and why. It
// is delivery.Decide that decides, as in the connectors.
type verdict struct {
	To      events.JID `json:"to"`
	Stanza  string     `json:"stanza"` // chat, normal, headline, groupchat, presence, iq
	Action  string     `json:"action"` // deliver, store, answer, refuse, drop
	Error   string     `json:"error,omitempty"`
	Targets []target   `json:"targets"`
	Reason  string     `json:"reason"`
}

// A target is a session that gets the stanza.
type target struct {
	JID       events.JID `json:"jid"`
	Session   string     `json:"session"`
	Connector string     `json:"connector"`
	Priority  int8       `json:"priority"`
}

// words are the actions without targets as people read them.
func (v *verdict) words() string {
	switch v.Action {
	case "store":
		return "kept until somebody comes online"
	case "answer":
		return "answered by the server"
	case "refuse":
		return "error " + v.Error
	}
	return "dropped"
}

// A recipient is what the rules look at: the address, whether there is such an
// account, and its sessions but for those of lost connectors.
type recipient struct {
	to      events.JID
	exists  bool
	foreign bool             // no connector serves the domain
	here    *session.Account // with the sessions that can be reached, best first
	lost    int              // sessions left out
}

// newRecipient leaves out the sessions of lost connectors, as connectors
// do, and counts them.
func newRecipient(to events.JID, a *session.Account, exists bool, lost func(events.Incarnation) bool) *recipient {
	r := &recipient{to: to, exists: exists, here: session.NewAccount(to, 0)}
	if a == nil {
		return r
	}
	var here []*session.Session
	for _, s := range a.Sessions() {
		if lost(s.Connector()) {
			r.lost++
			continue
		}
		here = append(here, s)
	}
	r.here = a.With(here)
	return r
}

// explained are the kinds of stanzas that people ask about.
var explained = []delivery.Kind{
	delivery.Chat, delivery.Normal, delivery.Headline, delivery.Groupchat, delivery.Presence, delivery.Request,
}

// explain says where each kind of stanza goes.
func (r *recipient) explain() []verdict {
	all := make([]verdict, 0, len(explained))
	for _, kind := range explained {
		d := delivery.Decide(delivery.Case{To: r.to, Kind: kind, Account: r.here, Foreign: r.foreign, Unknown: !r.exists})
		v := verdict{
			To: r.to, Stanza: kind.String(), Action: d.Action.String(), Error: string(d.Condition),
			Reason: r.why(&d), Targets: make([]target, 0, len(d.Targets)),
		}
		for _, s := range d.Targets {
			v.Targets = append(v.Targets, target{s.JID(), s.ID.String(), s.Connector().Name, s.Priority})
		}
		all = append(all, v)
	}
	return all
}

// why is the rule that decided, with the numbers of this account.
func (r *recipient) why(v *delivery.Verdict) string {
	text := v.Reason.String()
	switch v.Reason {
	case delivery.ByPriority:
		text = fmt.Sprintf("highest priority %d: %d of %s (8.5.2.1.1)",
			v.Targets[0].Priority, len(v.Targets), plural(len(r.here.Available()), "available resource"))
	case delivery.NobodyThere:
		text = r.nobody() + " (8.5.2.2)"
	}
	if !r.to.IsBare() && (v.ToAccount || v.Action == delivery.Store || v.Reason == delivery.NoSuchAccount) {
		text = "no session has this JID; as to the account: " + text
	}
	return text
}

// nobody says why no resource gets a message.
func (r *recipient) nobody() string {
	switch {
	case len(r.here.Available()) > 0:
		return "only negative priorities: " + plural(len(r.here.Available()), "available resource")
	case len(r.here.Sessions()) > 0:
		return "no available resource: " + plural(len(r.here.Sessions()), "session") + " without presence"
	case r.lost > 0:
		return "no available resource: the connector of " + plural(r.lost, "session") + " is lost"
	}
	return "no available resource: nobody is online"
}
