package c2s

import (
	"crypto/rand"
	"crypto/tls"
	"errors"
	"time"

	"rollcall/events"
	"rollcall/session/stanza"
)

// Stream negotiation: RFC 6120, 4.3 (streams and features) and 5 (STARTTLS).

// loginTime bounds what the log and the stores may take at one step of a login,
// or for one stanza. Past it the client is told to try again.
const loginTime = 15 * time.Second

// handshake completes a connection that begins with TLS.
func (c *conn) handshake() error {
	t, ok := c.nc.(*tls.Conn)
	if !ok {
		return nil
	}
	return c.secure(t)
}

// negotiate leads from the first stream header to the bound resource. It takes
// turns with the client, and so it writes its part itself.
func (c *conn) negotiate() error {
	c.out.hold(true)
	defer c.out.hold(false)
	for {
		if err := c.openStream(); err != nil {
			return err
		}
		restart := false
		for !restart {
			c.out.flush()
			el, err := c.wire.Next()
			if err != nil {
				return err
			}
			restart, err = c.negotiateElement(el)
			if err != nil || c.client.Load() != nil {
				return err
			}
		}
	}
}

// openStream reads a stream header and answers it with ours and the features.
// A header of ours goes out before every stream error (RFC 6120, 4.9.1.2).
func (c *conn) openStream() error {
	c.out.flush()
	h, err := c.wire.Header()
	var stream *stanza.StreamError
	if err != nil && !errors.As(err, &stream) {
		return err
	}
	if err == nil {
		err = h.Check()
	}
	if err == nil {
		err = c.checkHost(h.To)
	}
	header := c.header(c.peer(h))
	c.opened.Store(true)
	if err != nil {
		c.send(header)
		return err
	}
	c.send(header, c.appendFeatures(make([]byte, 0, featuresSize), nil))
	return nil
}

// featuresSize is a size in bytes that the features of most streams fit in.
const featuresSize = 1536

// header is ours. Nobody may guess the id, and each has its own (RFC 6120, 4.7.3).
func (c *conn) header(to string) []byte {
	from := c.host
	if from == "" {
		from = c.srv.cfg.Domains[0]
	}
	return c.wire.appendHeader(nil, stanza.Header{From: from, ID: rand.Text(), Lang: "en", To: to})
}

// peer is who the client says that it is, said back to it as a bare JID
// (RFC 6120, 4.7.2). It proves nothing.
func (c *conn) peer(h stanza.Header) string {
	j, err := events.ParseJID(h.From)
	if err != nil {
		return ""
	}
	return j.Bare().String()
}

// checkHost settles the stream's domain with the first header, and holds later
// ones to it.
func (c *conn) checkHost(to string) error {
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
	case !c.srv.router.Served(host):
		return &stanza.StreamError{Condition: stanza.StreamHostUnknown}
	case c.host == "":
		c.host = host
		c.srv.record(c, events.JID{}, events.StreamOpened{Host: host})
	}
	return nil
}

// appendFeatures says what the client may do next (RFC 6120, 4.3.2), as cl once it
// is bound. TLS stands alone where it is required (5.3.1); mechanisms are offered
// only when they may be used.
func (c *conn) appendFeatures(b []byte, cl *client) []byte {
	b = append(b, "<stream:features xmlns:stream='"+stanza.NSStream+"'>"...)
	switch {
	case c.authed.Load():
		if cl == nil {
			b = append(b, "<bind xmlns='"+stanza.NSBind+"'/>"+
				"<session xmlns='"+stanza.NSSession+"'><optional/></session>"...)
		}
		if cl == nil || cl.managed.Load() == nil {
			b = append(b, "<sm xmlns='"+stanza.NSStreamMgmt+"'/>"...)
		}
		b = append(b, c.srv.offer.stream...)
	case !c.secured && !c.srv.cfg.AllowPlaintext:
		b = append(b, "<starttls xmlns='"+stanza.NSTLS+"'><required/></starttls>"...)
	default:
		if c.canStartTLS() {
			b = append(b, "<starttls xmlns='"+stanza.NSTLS+"'/>"...)
		}
		b = c.appendMechanisms(b)
		b = c.appendAuthentication(b)
		if c.canRegister() {
			b = append(b, "<register xmlns='"+nsRegisterFeature+"'/>"...)
		}
	}
	return append(b, "</stream:features>"...)
}

func (c *conn) canStartTLS() bool {
	return !c.secured && !c.authed.Load() && c.srv.cfg.TLS != nil
}

// negotiateElement handles one element before the resource is bound: what the
// features offer, nothing else (RFC 6120, 4.3.2 and 7.1). restart says that the
// client is to open a new stream.
func (c *conn) negotiateElement(el *stanza.Element) (restart bool, err error) {
	switch {
	case el.Is(stanza.NSTLS, "starttls"):
		return true, c.startTLS()
	case (el.Space() == stanza.NSSASL || el.Space() == stanza.NSSASL2) && !c.authed.Load():
		return c.authenticate(el)
	case el.Is(stanza.NSClient, "iq") && c.authed.Load() && el.Child(stanza.NSBind, "bind") != nil && c.isFor(el):
		return false, c.bind(el)
	case el.Is(stanza.NSClient, "iq") && c.mayShowPassword() && el.Child(nsRegister, "query") != nil:
		return false, c.register(el)
	case el.Space() == stanza.NSStreamMgmt && !c.authed.Load():
		c.sendFailed(stanza.UnexpectedRequest) // XEP-0198, 3
		return false, nil
	case el.Space() == stanza.NSStreamMgmt:
		return false, c.resume(el)
	case el.IsStanza():
		return false, &stanza.StreamError{Condition: stanza.StreamNotAuthorized, Text: "a resource must be bound first"}
	}
	return false, outOfPlace(el)
}

// isFor reports that a stanza is for the server or for the client's own account,
// as all of them are before there is a resource (RFC 6120, 7.1).
func (c *conn) isFor(el *stanza.Element) bool {
	to, err := el.To()
	return err == nil && (to.IsZero() || to == c.account || to.String() == c.host)
}

// outOfPlace ends a stream for an element that has no place in it. A stream error
// of the client's is its own end, not to be answered by one (RFC 6120, 4.9.1.1).
func outOfPlace(el *stanza.Element) error {
	if el.Is(stanza.NSStream, "error") {
		return stanza.ErrStreamEnd
	}
	return &stanza.StreamError{Condition: stanza.StreamUnsupportedStanzaType}
}

// startTLS is RFC 6120, 5.4. What the client sent ahead in the clear is
// dropped: whoever injects a command there must not have it run under TLS.
func (c *conn) startTLS() error {
	if !c.canStartTLS() {
		c.send([]byte("<failure xmlns='" + stanza.NSTLS + "'/>"))
		return stanza.ErrStreamEnd
	}
	c.send([]byte("<proceed xmlns='" + stanza.NSTLS + "'/>"))
	c.out.flush()
	return c.secure(tls.Server(c.nc, c.srv.cfg.TLS))
}

// secure completes the handshake and goes on under TLS, with a new stream: what
// was said in the clear is forgotten (RFC 6120, 5.4.3.3), and an exchange that
// was begun there too, for under TLS there are other mechanisms. A handshake that
// fails is answered by TLS itself, not in XML (5.4.3.2).
func (c *conn) secure(t *tls.Conn) error {
	c.opened.Store(false)
	// A deadline, for a context would cost each half-open handshake a goroutine.
	until := earlier(c.loginBy, time.Now().Add(handshakeTime))
	if err := c.within(until); err != nil {
		return err
	}
	if err := c.shake(t, until); err != nil {
		return err
	}
	if err := c.within(c.loginBy); err != nil {
		return err
	}
	c.nc = t
	c.wire.secure(t)
	c.secured = true
	state := t.ConnectionState()
	c.tls = events.Secured{Version: tls.VersionName(state.Version), Cipher: tls.CipherSuiteName(state.CipherSuite)}
	c.exchange = nil
	c.srv.record(c, events.JID{}, c.tls)
	return nil
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
