package c2s

import "github.com/rollcall-xmpp/rollcall/session/stanza"

// Message processing hints: XEP-0334. Their effects are in session/delivery.
// The server keeps no archive, so that no-permanent-store asks for nothing.
var processing = extension{features: []string{stanza.NSHints}}
