package c2s

import "rollcall/session/stanza"

// Message processing hints: XEP-0334. The server keeps no archive, so that
// no-permanent-store asks for nothing.

const nsHints = "urn:xmpp:hints"

var processing = extension{features: []string{nsHints}}

// hint reports that the message's sender gave a hint.
func (m *mail) hint(name string) bool { return m.el.Child(nsHints, name) != nil }

// worthKeeping leaves out what has nothing to read (XEP-0160, 3), unless a
// hint says so, and what is not to be stored by one.
func (m *mail) worthKeeping() bool {
	switch {
	case m.hint("no-store"):
		return false
	case m.hint("store"):
		return true
	}
	return m.el.Child(stanza.NSClient, "body") != nil || m.el.Type() != "chat"
}
