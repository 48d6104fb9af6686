package stream

import (
	"crypto/rand"
	"errors"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// Stream headers: RFC 6120, 4.7, and what is wrong with them (4.9).

// Open reads a stream header and answers it with ours. The handler goes on with
// the features (4.3.2), or returns the ending for the error; a header of ours goes
// out ahead of every stream error, too (4.9.1.2).
func (c *Conn) Open() (stanza.Header, error) {
	c.out.flush()
	h, err := c.wire.Header()
	var stream *stanza.StreamError
	if err != nil && !errors.As(err, &stream) {
		return h, err
	}
	if err == nil {
		err = h.Check()
	}
	if err == nil {
		err = c.checkHost(h.To)
	}
	header := c.header(peer(h))
	c.opened.Store(true)
	c.Send(header)
	return h, err
}

// Restart says that the peer is to open a new stream, as after SASL (6.4.6).
func (c *Conn) Restart() {
	c.wire.Restart()
	c.opened.Store(false)
}

// header is ours. Nobody may guess the id, and each has its own (4.7.3).
func (c *Conn) header(to string) []byte {
	from := c.host
	if from == "" {
		from = c.srv.cfg.Domains[0]
	}
	return c.wire.appendHeader(nil, stanza.Header{From: from, ID: rand.Text(), Lang: "en", To: to})
}

// peer is the JID that the client says it has, said back to it as a bare JID
// (4.7.2). It proves nothing.
func peer(h stanza.Header) string {
	j, err := events.ParseJID(h.From)
	if err != nil {
		return ""
	}
	return j.Bare().String()
}

// checkHost settles the stream's domain with the first header, and holds later
// ones to it.
func (c *Conn) checkHost(to string) error {
	if to == "" {
		return &stanza.StreamError{Condition: stanza.StreamImproperAddressing, Text: "the stream header needs a to attribute"}
	}
	j, err := events.ParseJID(to)
	if err != nil || j.Domain() != j.String() {
		return &stanza.StreamError{Condition: stanza.StreamImproperAddressing, Text: "the to attribute must be a domain"}
	}
	switch host := j.Domain(); {
	case c.host != "" && c.host != host:
		return &stanza.StreamError{Condition: stanza.StreamNotAuthorized, Text: "the domain may not change"}
	case !c.srv.domains[host]:
		return &stanza.StreamError{Condition: stanza.StreamHostUnknown}
	case c.host == "":
		c.host = host
		c.srv.cfg.Record(c.id, events.StreamOpened{Host: host})
	}
	return nil
}
