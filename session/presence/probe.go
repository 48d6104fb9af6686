package presence

import (
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// Probe is RFC 6121, 4.3.2, for a client that asks by itself: it gets the
// presence of a contact that is there, unavailable of one that is not, and
// unsubscribed of an account that may not be seen, the same as of one that does
// not exist.
func (res *Resource) Probe(to events.JID) error {
	contact := to.Bare()
	switch {
	case to.IsZero():
		return refuse(stanza.BadRequest)
	case !res.srv.cfg.Served(contact.Domain()):
		return refuse(stanza.RemoteServerNotFound)
	}
	res.srv.tail.Lock() // nothing newer may be shown before this
	defer res.srv.tail.Unlock()
	answer := presence{from: contact, text: "<presence type='unsubscribed'/>"}
	if res.Watches(contact) {
		answer = presence{from: to, text: unavailable}
		for _, s := range res.srv.cfg.Table.Account(contact).Available() {
			if to.IsBare() || s.JID() == to {
				answer.text = ""
				res.send(presenceOf(s).to(res.home.jid, true))
			}
		}
	}
	if answer.text != "" {
		res.send(answer.to(res.home.jid, false))
	}
	return nil
}

func refuse(c stanza.Condition) error { return &stanza.Error{Condition: c} }
