package main

import (
	"context"
	"errors"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

const (
	// failuresBack is how far back a connector that starts reads the failed logins: a
	// restart lets nobody guess anew.
	failuresBack = 15 * time.Minute
	// loginsBack is how many records of the log, the newest, a connector that starts looks
	// for logins in: those of some days, in less than a second.
	loginsBack = 200_000
	// againAfter is how long it waits when it can't read.
	againAfter = 5 * time.Second
)

// followFailures tells the server of failed logins that other connectors have seen, and of
// its own from before it was started. It can't fail: without it the guesses at each
// connector count for themselves.
func (c *xmppConnector) followFailures(ctx context.Context) error {
	for since := time.Now().Add(-failuresBack); ; since = time.Now() {
		for st, err := range c.bus.Pre().Follow(ctx, events.Range{Since: since}) {
			switch {
			case err == nil:
				c.server.LearnFailure(st)
			case !events.IsPoison(err):
				c.log.Warn("failed logins at other connectors are not known here", "error", err)
			}
		}
		if !wait(ctx, againAfter) { // the stream is another one now
			return nil
		}
	}
}

// learnLogins tells the server where the accounts have logged in recently. Without it they
// have to log in once before they are known.
func (c *xmppConnector) learnLogins(ctx context.Context) error {
	for {
		err := c.readLogins(ctx)
		if !errors.Is(err, events.ErrUnavailable) || !wait(ctx, againAfter) {
			return nil
		}
	}
}

func (c *xmppConnector) readLogins(ctx context.Context) error {
	info, err := c.bus.Log().Info(ctx)
	if err != nil {
		return err
	}
	newest := events.Range{After: max(info.Last, loginsBack) - loginsBack, To: info.Last}
	for st, err := range events.Intact(c.bus.Log().Read(ctx, newest)) {
		if err != nil {
			return err
		}
		c.server.LearnLogin(st)
	}
	return nil
}

// wait reports whether the time has passed before ctx ended.
func wait(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}
