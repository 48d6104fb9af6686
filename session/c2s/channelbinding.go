package c2s

import (
	"crypto/tls"
	"slices"
	"strings"

	"rollcall/session/auth"
	"rollcall/session/stanza"
)

// Channel binding: RFC 5802, 6, with tls-exporter (RFC 9266), announced as
// XEP-0440 says. tls-unique does not exist in TLS 1.3, and
// tls-server-end-point, which binds to a certificate and not to a connection,
// is not there.
//
// SASL2 always offers it: its clients must know XEP-0440, and take the offer
// only if they know the type. RFC 6120's profile has no way to say the type, and
// clients that know tls-unique alone, such as slixmpp 1.8, take the offer, fail
// at it, and fall back to weaker and weaker mechanisms, to PLAIN at last: there
// it is off unless Config.ChannelBinding says otherwise. What a client says of
// what it was offered ("y") is judged by what its profile offers; so who strips
// SASL2 from the features is found out by clients that remember the mechanism
// that they used last, and by no others.

// channel is what an exchange may rely on of the connection as it is now.
func (c *conn) channel(p profile) auth.Channel {
	ch := auth.Channel{Secured: c.secured, AllowPlaintext: c.srv.cfg.AllowPlaintext}
	if t, ok := c.nc.(*tls.Conn); ok && (p == sasl2 || c.srv.cfg.ChannelBinding) {
		ch = auth.TLSChannel(t.ConnectionState())
	}
	return ch
}

// appendBindings says which type the mechanisms use that bind.
func appendBindings(b []byte, mechanisms []string) []byte {
	binds := func(name string) bool { return strings.HasSuffix(name, "-PLUS") }
	if !slices.ContainsFunc(mechanisms, binds) {
		return b
	}
	return append(b, "<sasl-channel-binding xmlns='"+stanza.NSChannelBinding+"'><channel-binding type='tls-exporter'/></sasl-channel-binding>"...)
}
