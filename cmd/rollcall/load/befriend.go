package load

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// befriend has all fans see the star's presence: those who do not yet subscribe
// to it, and it approves (RFC 6121, 3.1).
func befriend(star *client, fans crowd) error {
	approved := make(chan error, 1)
	go func() { approved <- approveAll(star) }()
	err := fans.each(func(c *client) error { return c.subscribe(bare(star)) })
	star.interrupt()
	err = errors.Join(err, <-approved)
	star.nc.SetDeadline(time.Time{})
	return err
}

func bare(c *client) string { return c.user + "@" + c.srv.Domain }

// approveAll answers requests until the client is interrupted.
func approveAll(c *client) error {
	for {
		el, err := c.in.Next()
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return nil
		case err != nil:
			return fmt.Errorf("%s, waiting for requests: %w", c.user, err)
		case el.Is(stanza.NSClient, "presence") && el.Type() == "subscribe":
			if err := c.sendf("<presence type='subscribed' to='%s'/>", el.Attr("from")); err != nil {
				return err
			}
		}
	}
}

// subscribe asks for a contact's presence unless the roster has that, and waits
// until the contact has approved.
func (c *client) subscribe(contact string) error {
	c.nc.SetDeadline(time.Now().Add(stepTime))
	defer c.nc.SetDeadline(time.Time{})
	if err := c.send([]byte("<iq type='get' id='again'><query xmlns='" + stanza.NSRoster + "'/></iq>")); err != nil {
		return err
	}
	roster, err := c.answer("again")
	if err != nil || sees(roster, contact) {
		return err
	}
	if err := c.sendf("<presence type='subscribe' to='%s'/>", contact); err != nil {
		return err
	}
	_, err = c.expect("the approval of "+contact, func(el *stanza.Element) bool { return sees(el, contact) })
	return err
}

// sees reports that a roster, or a push, has a contact with subscription to or
// both.
func sees(iq *stanza.Element, contact string) bool {
	for item := range iq.Child(stanza.NSRoster, "query").Children() {
		sub := item.Attr("subscription")
		if item.Attr("jid") == contact && (sub == "to" || sub == "both") {
			return true
		}
	}
	return false
}
