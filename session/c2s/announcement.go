package c2s

import (
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// Announce sends a headline of the server to all available resources that want messages, on
// any connectors: those of a domain, of an account, or, where to is zero, of everybody. It
// comes from each account's own domain. Nothing waits for those who are away. It returns how
// many accounts it was sent to. Without Config.Administration it is sent to none.
func (s *Server) Announce(to events.JID, subject, body string) (accounts int) {
	if s.cfg.Administration == nil {
		return 0
	}
	for a := range s.everybody() {
		sessions := takingMessages(a)
		if !isAddressed(a.JID(), to) || len(sessions) == 0 {
			continue
		}
		domain := a.JID().Domain()
		b := stanza.AppendAttr([]byte("<message"), "from", domain)
		b = append(stanza.AppendAttr(b, "to", a.JID().String()), " type='headline'>"...)
		if subject != "" {
			b = append(stanza.AppendText(append(b, "<subject>"...), subject), "</subject>"...)
		}
		b = append(stanza.AppendText(append(b, "<body>"...), body), "</body></message>"...)
		s.router.SendEvent(events.StoredJID(domain), sessions, events.Position{}, b, false)
		accounts++
	}
	return accounts
}

// isAddressed reports that an account is the one, or of the domain, that is meant.
func isAddressed(account, to events.JID) bool {
	return to.IsZero() || account == to || to.Local() == "" && account.Domain() == to.Domain()
}

// takingMessages are an account's available resources whose priority is not negative.
func takingMessages(a *session.Account) []*session.Session {
	list := a.Available()
	for i, r := range list {
		if r.Priority < 0 { // and those behind it
			return list[:i]
		}
	}
	return list
}
