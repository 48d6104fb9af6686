package c2s

import (
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/delivery"
)

// A local implements delivery.Local.
type local struct{ srv *Server }

func (l local) Recipient(id events.SessionID) *delivery.Recipient {
	if cl := l.srv.hub.client(id); cl != nil {
		return cl.recipient
	}
	return nil
}

func (l local) Recipients(account events.JID) (list []*delivery.Recipient) {
	for _, id := range l.srv.presence.Sessions(account) {
		if r := l.Recipient(id); r != nil {
			list = append(list, r)
		}
	}
	return list
}
