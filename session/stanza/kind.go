package stanza

import "github.com/rollcall-xmpp/rollcall/events"

// IsStanza reports that e is a message, a presence or an iq of a client's stream
// (RFC 6120, 8.1).
func (e *Element) IsStanza() bool {
	switch e.Local() {
	case "message", "presence", "iq":
		return e.space == NSClient
	}
	return false
}

// Type returns the stanza's type as sent, "" if it has none.
func (e *Element) Type() string { return e.Attr("type") }

// ID returns the stanza's id, "" if it has none.
func (e *Element) ID() string { return e.Attr("id") }

// To returns the JID that the stanza is for, the zero JID if it names none. The
// error is that of [events.ParseJID].
func (e *Element) To() (events.JID, error) { return e.jid("to") }

// From returns the JID that the stanza says it is from. See [Element.To].
func (e *Element) From() (events.JID, error) { return e.jid("from") }

func (e *Element) jid(attr string) (events.JID, error) {
	text, ok := e.LookupAttr("", attr)
	if !ok {
		return events.JID{}, nil
	}
	return events.ParseJID(text)
}
