package load

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// login brings a user to fully online: it has its roster, and its own presence
// has come back. Every step waits for the answer to the one before, as clients
// do. The caller leaves.
func (s *Server) login(ctx context.Context, addr, user, resource string) (*client, error) {
	c, err := dial(ctx, s, addr, user)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, c.interrupt)
	defer stop()
	for _, step := range []func() error{
		c.secure, c.authenticate, c.open,
		func() error { return c.bind(resource) }, c.online,
	} {
		if err := step(); err != nil {
			c.nc.Close()
			return nil, err
		}
	}
	c.nc.SetDeadline(time.Time{})
	return c, nil
}

// open opens a stream and reads the features.
func (c *client) open() error {
	err := c.send(stanza.AppendHeader(nil, stanza.Header{To: c.srv.Domain, Lang: "en"}))
	if err != nil {
		return err
	}
	if _, err := c.in.Header(); err != nil {
		return fmt.Errorf("%s, stream header: %w", c.user, err)
	}
	_, err = c.expect("features", func(el *stanza.Element) bool { return el.Is(stanza.NSStream, "features") })
	return err
}

// secure opens the first stream, and the one under TLS.
func (c *client) secure() error {
	if err := c.open(); err != nil || c.srv.Security != StartTLS {
		return err
	}
	if err := c.send([]byte("<starttls xmlns='" + stanza.NSTLS + "'/>")); err != nil {
		return err
	}
	_, err := c.expect("proceed", func(el *stanza.Element) bool { return el.Is(stanza.NSTLS, "proceed") })
	if err != nil {
		return err
	}
	c.nc = tls.Client(c.nc, c.srv.tlsConfig())
	c.in.Reset(c.nc)
	return c.open()
}

func (c *client) authenticate() error {
	step, err := c.mechanism()
	if err != nil {
		return err
	}
	first, err := step("")
	if err != nil {
		return err
	}
	err = c.sendf("<auth xmlns='%s' mechanism='%s'>%s</auth>", stanza.NSSASL, c.srv.Mechanism, encode(first))
	for err == nil {
		var el *stanza.Element
		el, err = c.expect("success", func(el *stanza.Element) bool {
			return el.Is(stanza.NSSASL, "success") || el.Is(stanza.NSSASL, "challenge")
		})
		if err != nil {
			break
		}
		var in []byte
		if in, err = base64.StdEncoding.DecodeString(el.Text()); err != nil {
			break
		}
		if el.Local() == "success" {
			_, err = step(string(in)) // the server proves itself, too
			c.in.Restart()
			return err
		}
		var out string
		if out, err = step(string(in)); err == nil {
			err = c.sendf("<response xmlns='%s'>%s</response>", stanza.NSSASL, encode(out))
		}
	}
	return err
}

func encode(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// mechanism returns the client's side of the SASL mechanism.
func (c *client) mechanism() (step func(string) (string, error), err error) {
	if c.srv.Mechanism == plain {
		return func(string) (string, error) { return "\x00" + c.user + "\x00" + c.srv.Password, nil }, nil
	}
	keys, err := c.srv.scramClient(c.user)
	if err != nil {
		return nil, err
	}
	return keys.NewConversation().Step, nil
}

func (c *client) bind(resource string) error {
	err := c.sendf("<iq type='set' id='bind'><bind xmlns='%s'><resource>%s</resource></bind></iq>", stanza.NSBind, resource)
	if err != nil {
		return err
	}
	el, err := c.answer("bind")
	if err != nil {
		return err
	}
	c.jid = el.Child(stanza.NSBind, "bind").Child(stanza.NSBind, "jid").Text()
	if c.jid == "" {
		return errors.New("bind: the server gave no jid")
	}
	return nil
}

// online gets the roster and becomes available.
func (c *client) online() error {
	if err := c.send([]byte("<iq type='get' id='roster'><query xmlns='" + stanza.NSRoster + "'/></iq>")); err != nil {
		return err
	}
	if _, err := c.answer("roster"); err != nil {
		return err
	}
	if err := c.send([]byte("<presence/>")); err != nil {
		return err
	}
	_, err := c.expect("its own presence", func(el *stanza.Element) bool {
		return el.Is(stanza.NSClient, "presence") && el.Attr("from") == c.jid
	})
	return err
}
