package main

import (
	"cmp"
	"time"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
	"github.com/rollcall-xmpp/rollcall/projector/query"
)

// showLifetimes writes a line for each, and one with the date where a day
// begins.
func showLifetimes(c *console, list []ask.Lifetime, asJSON bool) error {
	now := time.Now()
	t := newTable(c, "JID", "CONNECTOR", timeHead("SINCE", c.zoneName(now)), "UNTIL", "ADDRESS", "END").sentences()
	day := ""
	for i := range list {
		v := &list[i]
		if asJSON {
			if err := c.printJSON(v); err != nil {
				return err
			}
			continue
		}
		since, until := query.Time(v.Since).In(c.zone), "-"
		if d := since.Format(time.DateOnly); d != day {
			day = d
			if err := t.row(day); err != nil {
				return err
			}
		}
		if at, err := time.Parse(time.RFC3339, v.Until); err == nil {
			until = c.stamp(at, since)
		}
		if err := t.row(v.JID.String(), v.Connector, since.Format(time.TimeOnly), until, cmp.Or(v.Address, "-"), v.End()); err != nil {
			return err
		}
	}
	if len(list) == 0 {
		c.say("no sessions")
	}
	return t.flush()
}
