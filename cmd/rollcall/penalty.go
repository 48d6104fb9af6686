package main

import (
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/session"
)

// A penalty is what is said of why somebody is sent away, and for how long.
type penalty struct{ lasts, reason string }

// flags defines --for and --reason. what happens for so long is said by the caller.
func (p *penalty) flags(cmd *cobra.Command, what string) {
	cmd.Flags().StringVar(&p.lasts, "for", "", what)
	cmd.Flags().StringVar(&p.reason, "reason", "", "`TEXT` for the client and the history")
}

// check refuses what can't be.
func (p *penalty) check(now time.Time) (until time.Time, err error) {
	if err := p.checkReason(); err != nil {
		return until, err
	}
	if p.lasts == "" {
		return until, nil
	}
	d, err := parseLength("--for", p.lasts, "30m, 12h or 90d")
	if err != nil {
		return until, err
	}
	return now.Add(d).Truncate(time.Second), nil
}

func (p *penalty) checkReason() error {
	if len(p.reason) > session.MaxKickText {
		return usagef("--reason: %d bytes are more than %d", len(p.reason), session.MaxKickText)
	}
	if !utf8.ValidString(p.reason) {
		return usagef("--reason: %q is not UTF-8", p.reason)
	}
	return nil
}

// nanoseconds is a time as events have it, 0 for none.
func nanoseconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

// untilText says of a time that it is the end, "" if there is none. There is no head
// that would name the zone.
func (c *console) untilText(t, now time.Time) string {
	if t.IsZero() {
		return ""
	}
	return " until " + c.stamp(t, now) + " " + c.zoneName(t)
}
