package main

import (
	"fmt"

	"rollcall/events"
	"rollcall/session"
)

// A verdict says where stanzas of one kind go, and why. The rules are those of
// RFC 6121, 8.5, as the connectors follow them.
type verdict struct {
	To      events.JID `json:"to"`
	Stanza  string     `json:"stanza"` // message, headline, groupchat, presence, iq
	Action  action     `json:"action"`
	Targets []target   `json:"targets"`
	Reason  string     `json:"reason"`
}

// An action is what is done with a stanza.
type action string

const (
	actDeliver action = "deliver" // to the targets
	actStore   action = "store"   // until a resource becomes available (XEP-0160)
	actAnswer  action = "answer"  // by the server, for the account
	actRefuse  action = "refuse"  // with the error service-unavailable
	actDrop    action = "drop"    // in silence
)

// words are the actions as people read them.
var words = map[action]string{
	actStore:  "kept until somebody comes online",
	actAnswer: "answered by the server",
	actRefuse: "error service-unavailable",
	actDrop:   "dropped",
}

// A target is a session that gets the stanza.
type target struct {
	JID       events.JID `json:"jid"`
	Session   string     `json:"session"`
	Connector string     `json:"connector"`
	Priority  int8       `json:"priority"`
}

// A recipient is what the rules look at: the address, whether there is such an
// account, and its sessions but for those of lost connectors.
type recipient struct {
	to     events.JID
	exists bool
	here   *session.Account // with the sessions that can be reached, best first
	lost   int              // sessions left out
}

// newRecipient leaves out the sessions of lost connectors, as connectors
// do, and counts them.
func newRecipient(to events.JID, a *session.Account, exists bool, lost func(events.Incarnation) bool) *recipient {
	r := &recipient{to: to, exists: exists, here: &session.Account{JID: to.Bare()}}
	if a == nil {
		return r
	}
	for _, s := range a.Sessions {
		if lost(s.Connector) {
			r.lost++
			continue
		}
		r.here.Sessions = append(r.here.Sessions, s)
	}
	return r
}

// explain says where each kind of stanza goes.
func (r *recipient) explain() []verdict {
	if r.to.IsBare() {
		return []verdict{r.message(""), r.headline(), r.refused("groupchat", "it is for rooms, not for accounts (8.5.2)"), r.presence(), r.iq()}
	}
	s := r.here.Resource(r.to.Resource())
	if s == nil {
		return r.gone()
	}
	all := make([]verdict, 0, 5)
	for _, kind := range []string{"message", "headline", "groupchat", "presence", "iq"} {
		all = append(all, r.verdict(kind, actDeliver, "the connected resource of this full JID (8.5.3.1)", s))
	}
	return all
}

// gone is for a full JID that no session has (8.5.3.2).
func (r *recipient) gone() []verdict {
	const why = "no session has this JID"
	return []verdict{
		r.message(why + "; as to the account: "),
		r.verdict("headline", actDrop, why+" (8.5.3.2.1)"),
		r.refused("groupchat", why+" (8.5.3.2.1)"),
		r.verdict("presence", actDrop, why+" (8.5.3.2.2)"),
		r.refused("iq", why+" (8.5.3.2.3)"),
	}
}

// message is one of type chat or normal to the account (8.5.2.1.1).
func (r *recipient) message(why string) verdict {
	best := r.here.Best()
	switch {
	case len(best) > 0:
		why += fmt.Sprintf("highest priority %d: %d of %s (8.5.2.1.1)", best[0].Priority, len(best), plural(len(r.here.Available()), "available resource"))
		return r.verdict("message", actDeliver, why, best...)
	case !r.exists:
		return r.refused("message", why+"there is no such account (8.5.1)")
	}
	return r.verdict("message", actStore, why+r.nobody()+" (8.5.2.2.1)")
}

// nobody says why no resource gets a message.
func (r *recipient) nobody() string {
	switch {
	case len(r.here.Available()) > 0:
		return "only negative priorities: " + plural(len(r.here.Available()), "available resource")
	case len(r.here.Sessions) > 0:
		return "no available resource: " + plural(len(r.here.Sessions), "session") + " without presence"
	case r.lost > 0:
		return "no available resource: the connector of " + plural(r.lost, "session") + " is lost"
	}
	return "no available resource: nobody is online"
}

func (r *recipient) headline() verdict {
	var to []*session.Session
	for _, s := range r.here.Available() {
		if s.Priority >= 0 {
			to = append(to, s)
		}
	}
	if len(to) == 0 {
		return r.verdict("headline", actDrop, r.nobody()+" (8.5.2.2.1)")
	}
	return r.verdict("headline", actDeliver, "all available resources with a priority of 0 or more (8.5.2.1.1)", to...)
}

func (r *recipient) presence() verdict {
	if len(r.here.Available()) == 0 {
		return r.verdict("presence", actDrop, r.nobody()+" (8.5.2.2.2)")
	}
	return r.verdict("presence", actDeliver, "all available resources (8.5.2.1.2)", r.here.Available()...)
}

// iq is one to the account, which the server answers for it, or refuses.
func (r *recipient) iq() verdict {
	if !r.exists {
		return r.refused("iq", "there is no such account (8.5.1)")
	}
	return r.verdict("iq", actAnswer, "on behalf of the account (8.5.2.1.3)")
}

func (r *recipient) refused(kind, why string) verdict { return r.verdict(kind, actRefuse, why) }

func (r *recipient) verdict(kind string, a action, why string, to ...*session.Session) verdict {
	v := verdict{To: r.to, Stanza: kind, Action: a, Reason: why, Targets: make([]target, 0, len(to))}
	for _, s := range to {
		v.Targets = append(v.Targets, target{s.JID, s.ID.String(), s.Connector.Name, s.Priority})
	}
	return v
}
