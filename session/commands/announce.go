package commands

import (
	"fmt"
	"strings"

	"github.com/rollcall-xmpp/rollcall/events"
)

// announce tells all who are online at the requester's domain (XEP-0133, 4.23).
func announce(c *call) (string, error) {
	if err := c.cfg.Record(c.ctx, c.by.actor(), c.command.name, events.JID{}); err != nil {
		return "", err
	}
	n := c.cfg.Announce(events.StoredJID(c.by.JID.Domain()), c.form.value("subject"), strings.Join(c.form.values["announcement"], "\n"))
	if n == 1 {
		return note("info", "sent to one account"), nil
	}
	return note("info", fmt.Sprintf("sent to %d accounts", n)), nil
}
