package delivery

import "rollcall/session/stanza"

// hint reports that the message's sender gave a hint (XEP-0334).
func (m *routing) hint(name string) bool { return m.el.Child(stanza.NSHints, name) != nil }

// worthKeeping leaves out what has nothing to read (XEP-0160, 3), unless a
// hint says so, and what is not to be stored by one.
func (m *routing) worthKeeping() bool {
	switch {
	case m.hint("no-store"):
		return false
	case m.hint("store"):
		return true
	}
	return m.el.Child(stanza.NSClient, "body") != nil || m.kind != Chat
}
