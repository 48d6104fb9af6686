package stream

import (
	"crypto/tls"
	"crypto/x509"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// STARTTLS: RFC 6120, 5.

// Secured reports that nobody can listen: the connection is under TLS, or is a
// WebSocket that does not leave the machine or that the operator has allowed.
func (c *Conn) Secured() bool { return c.secured }

// TLSVersion is such as "TLS 1.3", "" without TLS.
func (c *Conn) TLSVersion() string { return c.security.Version }

// TLS is the state of the connection's TLS, and the certificate that the peer has
// seen in its handshake: nil for a session resumed by TLS, as that of an earlier
// connection is not known. It reports false without TLS.
func (c *Conn) TLS() (tls.ConnectionState, *x509.Certificate, bool) {
	t, ok := c.nc.(*tls.Conn)
	if !ok {
		return tls.ConnectionState{}, nil, false
	}
	state := t.ConnectionState()
	return state, c.certificate(&state), true
}

// CanStartTLS reports that STARTTLS is possible, and so to be announced.
func (c *Conn) CanStartTLS() bool {
	return !c.secured && !c.authed.Load() && c.srv.tls != nil
}

// StartTLS answers a peer that asks for TLS (5.4) and completes the handshake.
// The peer is to open a new stream then: what was said in the clear is forgotten
// (5.4.3.3). Anything that was sent ahead in the clear is dropped: whoever
// injects a command there must not have it run under TLS. An error ends the
// stream.
func (c *Conn) StartTLS() error {
	if !c.CanStartTLS() {
		c.Send([]byte("<failure xmlns='" + stanza.NSTLS + "'/>"))
		return stanza.ErrStreamEnd
	}
	c.Send([]byte("<proceed xmlns='" + stanza.NSTLS + "'/>"))
	c.out.flush()
	return c.secure(tls.Server(c.nc, c.srv.starttls))
}

// secure completes the handshake and goes on under TLS. A handshake that fails is
// answered by TLS itself, not in XML (5.4.3.2).
func (c *Conn) secure(t *tls.Conn) error {
	c.opened.Store(false)
	// A deadline, for a context would cost each half-open handshake a goroutine.
	if err := c.within(c.loginBy); err != nil {
		return err
	}
	if err := c.shake(t, c.loginBy); err != nil {
		return err
	}
	c.loginBy = time.Now().Add(c.srv.cfg.LoginTimeout)
	if err := c.within(c.loginBy); err != nil {
		return err
	}
	c.nc = t
	c.wire.secure(t)
	c.secured = true
	state := t.ConnectionState()
	c.security = events.Secured{Version: tls.VersionName(state.Version), Cipher: tls.CipherSuiteName(state.CipherSuite)}
	c.srv.cfg.Record(c.id, c.security)
	return nil
}
