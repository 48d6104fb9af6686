package delivery

import "github.com/rollcall-xmpp/rollcall/session/stanza"

// hint reports that the message's sender gave a hint (XEP-0334).
func (m *routing) hint(name string) bool { return m.el.Child(stanza.NSHints, name) != nil }

// onlyChatStates reports a message that says no more than that somebody is, or is
// no longer, typing (XEP-0085): that is for now or never, and the only thing that
// is neither stored nor refused (XEP-0160, 3).
func onlyChatStates(message *stanza.Element) bool {
	states := false
	for c := range message.Children() {
		switch {
		case c.Space() == stanza.NSChatStates:
			states = true
		case c.Space() == stanza.NSHints, c.Is(stanza.NSClient, "thread"), c.Is(stanza.NSDelay, "delay"):
			// These say nothing by themselves.
		default:
			return false
		}
	}
	return states
}
