package stream

import (
	"crypto/tls"
	"io"
	"time"

	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// A tcp is a stream as RFC 6120, 4 has it: one XML document a direction, over
// TCP or over TLS.
type tcp struct {
	*stanza.Reader
	c *Conn
}

func newTCP(c *Conn) tcp { return tcp{stanza.NewReader(c.nc, forStranger(c.srv.cfg.Limits)), c} }

// await makes Next fail by a deadline, after which the caller sends white space:
// to a peer that is gone, that write fails (RFC 6120, 4.6.1).
func (t tcp) await(idle time.Duration) { t.c.raw.SetReadDeadline(time.Now().Add(idle)) }

func (t tcp) secure(nc *tls.Conn) {
	t.Reset(nc)
	t.c.out.swap(nc, nil)
}

func (tcp) appendHeader(dst []byte, h stanza.Header) []byte { return stanza.AppendHeader(dst, h) }

func (tcp) end() string { return stanza.StreamEnd }

// close waits for the peer to have read our error: closing a socket that has
// unread input resets the connection, and the error would be lost with it.
func (t tcp) close(failed bool) {
	hc, ok := t.c.nc.(interface{ CloseWrite() error })
	if failed && ok && hc.CloseWrite() == nil {
		t.c.raw.SetReadDeadline(time.Now().Add(closeGrace))
		io.CopyN(io.Discard, t.c.raw, 1<<20) // below TLS and the meter
	}
	t.c.nc.Close()
}
