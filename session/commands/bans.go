package commands

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/bans"
)

// offeredBans is how many of the newest bans a form offers to lift.
const offeredBans = 100

var errCoveredThere = errors.New("somebody is online from there whose role may do what yours may not")

// ban keeps clients from connecting from a network: none from which the requester comes, or
// somebody whom the requester may not send away.
func ban(c *call) (string, error) {
	network, err := bans.Parse(c.form.value("network"))
	if err == nil {
		err = bans.Check(network, c.by.Address)
	}
	if err != nil {
		return "", badPayload(err.Error())
	}
	reason, err := c.reason()
	if err != nil {
		return "", err
	}
	until, err := c.until()
	if err != nil {
		return "", err
	}
	b := bans.Ban{Network: network, Until: until, Made: time.Now().UTC().Truncate(time.Millisecond), Reason: reason, By: c.by.actor()}
	return c.network("banned", network, func() error {
		if c.holdsGreater(network) {
			return errCoveredThere
		}
		_, err := c.cfg.Accounts.Ban(c.ctx, b)
		return err
	})
}

func liftBan(c *call) (string, error) {
	network, err := bans.Parse(c.form.value("network"))
	if err != nil {
		return "", badPayload(err.Error())
	}
	return c.network("lifted the ban of", network, func() error {
		_, err := c.cfg.Accounts.Unban(c.ctx, c.by.actor(), network)
		return err
	})
}

// network is one, for a network.
func (c *call) network(done string, network netip.Prefix, do func() error) (string, error) {
	return c.record(events.JID{}, done, network.String(), do)
}

// holdsGreater reports a session there with a role that may do what the requester's may not.
func (c *call) holdsGreater(network netip.Prefix) bool {
	for a := range c.cfg.Online() {
		for _, s := range a.Sessions() {
			if c.by.Role.Covers(c.cfg.Roles.Role(s.Role())) {
				continue
			}
			if at, err := netip.ParseAddrPort(s.Address()); err == nil && network.Contains(at.Addr().Unmap().WithZone("")) {
				return true
			}
		}
	}
	return false
}

// standing are the networks whose bans can be lifted, the newest first.
func standing(ctx context.Context, s *Service, _ Requester) (networks []string, err error) {
	all, err := s.cfg.Accounts.ListBans(ctx)
	if err != nil {
		return nil, err
	}
	for i := len(all) - 1; i >= 0 && len(networks) < offeredBans; i-- {
		networks = append(networks, all[i].Network.String())
	}
	return networks, nil
}

// until is when a penalty of the form ends; zero: never by itself.
func (c *call) until() (t time.Time, err error) {
	text := c.form.value("x-for")
	if text == "" {
		return t, nil
	}
	d, err := duration(text)
	if err != nil {
		return t, badPayload(err.Error())
	}
	return time.Now().Add(d).Truncate(time.Second).UTC(), nil
}
