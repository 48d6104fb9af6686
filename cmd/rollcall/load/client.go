package load

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// stepTime bounds a login and the end of a stream.
const stepTime = 30 * time.Second

// A client is one connection. It belongs to one goroutine at a time, but for
// send, which another may call, and for ending it.
type client struct {
	srv  *Server
	user string
	jid  string // full, once bound
	nc   net.Conn
	in   *stanza.Reader
}

func dial(ctx context.Context, s *Server, addr, user string) (*client, error) {
	var d net.Dialer
	nc, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	nc.SetDeadline(time.Now().Add(stepTime))
	if s.Security == DirectTLS {
		nc = tls.Client(nc, s.tlsConfig())
	}
	return &client{srv: s, user: user, nc: nc, in: stanza.NewReader(nc, stanza.Limits{})}, nil
}

func (c *client) send(b []byte) error {
	_, err := c.nc.Write(b)
	return err
}

func (c *client) sendf(format string, args ...any) error {
	return c.send(fmt.Appendf(nil, format, args...))
}

// expect reads up to the first element that ok accepts. The elements before it,
// such as presence and the server's greetings, are skipped.
func (c *client) expect(what string, ok func(*stanza.Element) bool) (*stanza.Element, error) {
	for {
		el, err := c.in.Next()
		if err != nil {
			return nil, fmt.Errorf("%s, waiting for %s: %w", c.user, what, err)
		}
		if ok(el) {
			return el, nil
		}
		if isRefusal(el) {
			return nil, fmt.Errorf("%s, waiting for %s: the server says %s", c.user, what, el.Raw())
		}
	}
}

func isRefusal(el *stanza.Element) bool {
	return el.Local() == "failure" || el.Local() == "error" || el.Is(stanza.NSClient, "iq") && el.Type() == "error"
}

// answer reads up to the answer to the request with this id.
func (c *client) answer(id string) (*stanza.Element, error) {
	return c.expect("the answer to "+id, func(el *stanza.Element) bool {
		return el.Is(stanza.NSClient, "iq") && el.ID() == id && el.Type() == "result"
	})
}

// settle makes sure that the reader has nothing more of the stanzas that were
// on their way, so that the connection can be read without it.
func (c *client) settle() error {
	for {
		if err := c.sendf("<iq type='get' id='settle' to='%s'><ping xmlns='%s'/></iq>", c.srv.Domain, stanza.NSPing); err != nil {
			return err
		}
		_, err := c.expect("the answer to a ping", func(el *stanza.Element) bool {
			return el.Is(stanza.NSClient, "iq") && el.ID() == "settle" // an error will do
		})
		if err != nil || c.in.Buffered() == 0 {
			return err
		}
	}
}

// count reads without parsing, and tells got how often the mark has come, until
// the connection fails or its read deadline passes.
func (c *client) count(mark string, got func(n int)) error {
	const size = 16 << 10
	needle := []byte(mark)
	buf := make([]byte, size)
	kept := 0 // bytes at the front of buf in which the mark may have begun
	for {
		n, err := c.nc.Read(buf[kept:])
		if n > 0 {
			read := buf[:kept+n]
			if found := bytes.Count(read, needle); found > 0 {
				got(found)
			}
			kept = copy(buf, unfinished(read, needle))
		}
		if err != nil {
			return err
		}
	}
}

// unfinished is the end of b in which the needle may begin.
func unfinished(b, needle []byte) []byte {
	for n := min(len(needle)-1, len(b)); n > 0; n-- {
		if end := b[len(b)-n:]; bytes.HasPrefix(needle, end) {
			return end
		}
	}
	return nil
}

// drain reads and drops until the connection ends.
func (c *client) drain() error {
	_, err := io.Copy(io.Discard, c.nc)
	return err
}

// leave ends the stream, waits for the server to do so, too, and closes the
// connection (RFC 6120, 4.4).
func (c *client) leave() error {
	defer c.nc.Close()
	c.nc.SetDeadline(time.Now().Add(stepTime))
	if err := c.send([]byte(stanza.StreamEnd)); err != nil {
		return err
	}
	ended := false
	err := c.count(stanza.StreamEnd, func(int) { ended = true; c.interrupt() })
	if errors.Is(err, os.ErrDeadlineExceeded) && !ended {
		return fmt.Errorf("%s: the server does not end the stream: %w", c.user, err)
	}
	return nil // by whichever end of the connection
}

// interrupt wakes whoever reads, for good.
func (c *client) interrupt() { c.nc.SetReadDeadline(time.Unix(1, 0)) }
