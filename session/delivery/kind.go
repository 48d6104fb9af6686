package delivery

import "github.com/rollcall-xmpp/rollcall/session/stanza"

// A Kind is all that the rules of delivery know of a stanza.
type Kind uint8

const (
	Normal       Kind = iota // a message without a type, or with one that nobody knows (RFC 6121, 5.2.2)
	Chat                     // a message
	Groupchat                // a message
	Headline                 // a message
	ErrorMessage             // a message of type error
	Presence                 // directed, of any type
	Request                  // an iq of type get or set
	Response                 // an iq of type result or error
)

// KindOf is the kind of a message, presence or iq.
func KindOf(el *stanza.Element) Kind {
	switch el.Local() {
	case "presence":
		return Presence
	case "iq":
		if t := el.Type(); t == "result" || t == "error" {
			return Response
		}
		return Request
	}
	switch el.Type() {
	case "chat":
		return Chat
	case "groupchat":
		return Groupchat
	case "headline":
		return Headline
	case "error":
		return ErrorMessage
	}
	return Normal
}

// message reports a kind of message.
func (k Kind) message() bool { return k <= ErrorMessage }

// answers reports a kind that no error answers (RFC 6120, 8.3.1).
func (k Kind) answers() bool { return k == ErrorMessage || k == Response }

// String is the kind in a word, for people.
func (k Kind) String() string {
	return [...]string{"normal", "chat", "groupchat", "headline", "error", "presence", "iq", "result"}[k]
}
