package commands

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/roles"
)

// The errors of a command about one account that it can't act on.
var (
	errSelf    = errors.New("it is your own, and you could not take it back")
	errCovered = errors.New("its role may do what yours may not")
	errGreater = errors.New("you can't give a role that may do what yours may not")
	errNotHere = errors.New("the accounts of this domain are not changed here")
	errEnabled = errors.New("it is not disabled")
	errDomain  = errors.New("this domain is not served here")
)

func addUser(c *call) (string, error) {
	account := c.form.jids("accountjid")[0].Bare()
	if c.form.value("password") != c.form.value("password-verify") {
		return "", badPayload("the two passwords differ")
	}
	return c.one(account, "added", func() error {
		if !c.cfg.Own(account.Domain()) {
			return errNotHere
		}
		if !c.by.Role.Covers(c.cfg.Roles.Role(roles.Default)) {
			return errGreater
		}
		return c.cfg.Accounts.Create(c.ctx, c.by.actor(), account, c.form.value("password"))
	})
}

func changePassword(c *call) (string, error) {
	account := c.form.jids("accountjid")[0].Bare()
	return c.one(account, "changed the password of", func() error {
		if !c.cfg.Own(account.Domain()) {
			return errNotHere
		}
		if err := c.covers(account); err != nil {
			return err
		}
		_, err := c.cfg.Accounts.SetPassword(c.ctx, c.by.actor(), account, c.form.value("password"))
		return err
	})
}

func disableUsers(c *call) (string, error) {
	end, err := c.until()
	if err != nil {
		return "", err
	}
	until := int64(0)
	if !end.IsZero() {
		until = end.UnixNano()
	}
	reason, err := c.reason()
	if err != nil {
		return "", err
	}
	return c.each("disabled", func(account events.JID) error {
		if account.Bare() == c.by.JID.Bare() {
			return errSelf
		}
		_, _, err := c.cfg.Accounts.Disable(c.ctx, account.Bare(), session.DisableAccount{Until: until, Text: reason, By: c.by.actor()})
		return err
	})
}

func reenableUsers(c *call) (string, error) {
	return c.each("re-enabled", func(account events.JID) error {
		at, err := c.cfg.Accounts.Enable(c.ctx, c.by.actor(), account.Bare())
		if err == nil && at == 0 {
			return errEnabled
		}
		return err
	})
}

func endSessions(c *call) (string, error) {
	reason, err := c.reason()
	if err != nil {
		return "", err
	}
	return c.each("ended the sessions of", func(of events.JID) error {
		_, _, err := c.cfg.Accounts.Kick(c.ctx, of.Bare(), session.Kick{Resource: of.Resource(), Text: reason, By: c.by.actor()})
		return err
	})
}

// reason is what users are told.
func (c *call) reason() (string, error) {
	reason := c.form.value("x-reason")
	if len(reason) > session.MaxKickText {
		return "", badPayload(fmt.Sprintf("the reason is longer than %d bytes", session.MaxKickText))
	}
	return reason, nil
}

// covers refuses to act on an account whose role may do what the requester's may not.
func (c *call) covers(account events.JID) error {
	if !c.cfg.Served(account.Domain()) {
		return errDomain
	}
	if c.cfg.Guest(account) {
		if !c.by.Role.Covers(c.cfg.Roles.Role(roles.Guest)) {
			return errCovered
		}
		return nil
	}
	k, err := c.cfg.Accounts.Credentials(c.ctx, account)
	if err != nil {
		return err
	}
	for _, name := range append([]string{k.Role}, k.Further...) {
		if !c.by.Role.Covers(c.cfg.Roles.Role(name)) {
			return errCovered
		}
	}
	return nil
}

// one does something to an account, once that is on record.
func (c *call) one(account events.JID, done string, do func() error) (string, error) {
	return c.record(account, done, account.String(), do)
}

// record does something to a thing that has a name, once it is on record whom it is
// about.
func (c *call) record(about events.JID, done, name string, do func() error) (string, error) {
	if err := c.cfg.Record(c.ctx, c.by.actor(), c.command.name, about); err != nil {
		return "", err
	}
	err := do()
	if err == nil {
		return note("info", done+" "+name), nil
	}
	if text, ok := inWords(err); ok {
		return note("error", name+": "+text), nil
	}
	return "", err
}

// each does something to every account that the form names. One that it can't be done to
// keeps it from no other.
func (c *call) each(done string, do func(events.JID) error) (string, error) {
	var good, bad []string
	for _, j := range c.form.jids("accountjids") {
		if err := c.cfg.Record(c.ctx, c.by.actor(), c.command.name, j.Bare()); err != nil {
			return "", err
		}
		err := c.covers(j.Bare())
		if err == nil {
			err = do(j)
		}
		text, ok := inWords(err)
		switch {
		case err == nil:
			good = append(good, j.String())
		case ok:
			bad = append(bad, j.String()+": "+text)
		default:
			return "", err
		}
	}
	content := ""
	if len(good) > 0 {
		content += note("info", done+" "+strings.Join(good, ", "))
	}
	if len(bad) > 0 {
		content += note("error", strings.Join(bad, "; "))
	}
	return content, nil
}

// longest is the longest time that somebody can be kept out by a form.
const longest = 100 * 365 * 24 * time.Hour

// duration reads 30m, 12h or 7d.
func duration(text string) (time.Duration, error) {
	days, unit := strings.CutSuffix(text, "d")
	d, err := time.ParseDuration(text)
	if unit {
		var n int
		n, err = strconv.Atoi(days)
		d = time.Duration(n) * 24 * time.Hour
	}
	if err != nil || d <= 0 || d > longest {
		return 0, fmt.Errorf("%q is no time: give 30m, 12h or 7d", text)
	}
	return d, nil
}
