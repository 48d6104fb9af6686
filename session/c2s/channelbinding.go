package c2s

import (
	"github.com/rollcall-xmpp/rollcall/session/auth"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// Channel binding: RFC 5802, 6, with tls-exporter (RFC 9266) and, for clients
// that have no other, tls-server-end-point (RFC 5929, 4), announced as XEP-0440
// says. tls-unique does not exist in TLS 1.3.
//
// SASL2 always offers it: its clients must know XEP-0440, and take the offer only
// if they know the type. RFC 6120's profile has no way to say the type, and clients
// that know tls-unique alone, such as slixmpp 1.8, take the offer, fail at it, and
// fall back to weaker and weaker mechanisms, to PLAIN at last: there it is off
// unless Config.ChannelBinding says otherwise. A client's word on what it was
// offered ("y") is judged by what its profile offers; so whoever strips SASL2 from
// the features is found out by clients that remember the mechanism that they used
// last, and by no others.

// channel is what an exchange may rely on of the connection as it is now.
func (l *login) channel(p profile) auth.Channel {
	if l.binding == nil {
		state, shown, ok := l.TLS()
		if !ok {
			return auth.Channel{Secured: l.Secured(), AllowPlaintext: l.srv.cfg.AllowPlaintext}
		}
		ch := auth.TLSChannel(state, shown)
		l.binding = &ch
	}
	ch := *l.binding
	if p != sasl2 && !l.srv.cfg.ChannelBinding {
		ch.Exporter, ch.EndPoint = nil, nil
	}
	return ch
}

// appendBindings says which types the mechanisms that bind use.
func appendBindings(b []byte, types []string) []byte {
	if len(types) == 0 {
		return b
	}
	b = append(b, "<sasl-channel-binding xmlns='"+stanza.NSChannelBinding+"'>"...)
	for _, t := range types {
		b = append(stanza.AppendAttr(append(b, "<channel-binding"...), "type", t), "/>"...)
	}
	return append(b, "</sasl-channel-binding>"...)
}
