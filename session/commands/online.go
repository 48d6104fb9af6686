package commands

import (
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// online lists the accounts that have an available resource, sorted.
func (c *call) online() (list []events.JID, err error) {
	if err := c.cfg.Record(c.ctx, c.by.actor(), c.command.name, events.JID{}); err != nil {
		return nil, err
	}
	for a := range c.cfg.Online() {
		if len(a.Available()) > 0 {
			list = append(list, a.JID())
		}
	}
	slices.SortFunc(list, events.JID.Compare)
	return list, nil
}

func onlineNumber(c *call) (string, error) {
	list, err := c.online()
	if err != nil {
		return "", err
	}
	return resultOf(field{"onlineusersnum", "text-single", "The number of online users", false, nil}, strconv.Itoa(len(list))), nil
}

func onlineList(c *call) (string, error) {
	list, err := c.online()
	if err != nil {
		return "", err
	}
	if most, err := strconv.Atoi(c.form.value("max_items")); err == nil && len(list) > most {
		list = list[:most]
	}
	texts := make([]string, len(list))
	for i, j := range list {
		texts[i] = j.String()
	}
	return resultOf(field{"onlineuserjids", "jid-multi", "The list of all online users", false, nil}, texts...), nil
}

func lastLogin(c *call) (string, error) {
	account := c.form.jids("accountjid")[0].Bare()
	if err := c.cfg.Record(c.ctx, c.by.actor(), c.command.name, account); err != nil {
		return "", err
	}
	if !c.cfg.Served(account.Domain()) {
		return note("error", account.String()+": "+errDomain.Error()), nil
	}
	at, err := c.cfg.LastSeen(account)
	if errors.Is(err, events.ErrNotFound) {
		return note("info", account.String()+" has not been there, for as long as is known"), nil
	}
	if err != nil {
		return "", err
	}
	return resultOf(field{"lastlogin", "text-single", "The last login time", false, nil}, at.UTC().Format(time.RFC3339)), nil
}
