package commands

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/rollcall-xmpp/rollcall/session"
)

// setRole gives an account another primary role: none that may do what the requester's may
// not, neither before nor afterwards.
func setRole(c *call) (string, error) {
	account, role := c.form.jids("accountjid")[0].Bare(), c.form.value("role")
	reason, err := c.reason()
	if err != nil {
		return "", err
	}
	is := c.cfg.Roles.Role(role)
	if is == nil {
		return "", badPayload(fmt.Sprintf("there is no role %q", role))
	}
	return c.one(account, "gave the role "+role+" to", func() error {
		if err := c.covers(account); err != nil {
			return err
		}
		if !c.by.Role.Covers(is) {
			return errGreater
		}
		_, err := c.cfg.Accounts.SetRole(c.ctx, c.by.actor(), account, c.cfg.Roles, role, reason)
		return err
	})
}

// givable are the roles that the requester may give.
func givable(_ context.Context, s *Service, r Requester) (names []string, err error) {
	for _, role := range s.cfg.Roles.All() {
		if r.Role.Covers(role) {
			names = append(names, role.Name())
		}
	}
	return names, nil
}

// takeRole changes the role of the requester's own session.
func takeRole(c *call) (string, error) {
	role, asOf := c.form.value("role"), c.cfg.AsOf()
	names, err := assumable(c.ctx, c.Service, c.by)
	if err != nil {
		return "", err
	}
	if !slices.Contains(names, role) {
		return "", badPayload(fmt.Sprintf("your account does not have the role %q", role))
	}
	err = c.cfg.TakeRole(c.ctx, c.by.JID, role, asOf)
	if errors.Is(err, session.ErrRekeyed) {
		return note("error", "your account's roles have just been changed; look again"), nil
	}
	if err != nil {
		return "", err
	}
	return note("info", "this session has the role "+role+" until it ends"), nil
}

// assumable are the roles that the requester's session may have.
func assumable(ctx context.Context, s *Service, r Requester) (names []string, err error) {
	k, err := s.cfg.Accounts.Credentials(ctx, r.JID.Bare())
	if err != nil {
		return nil, err
	}
	for _, role := range s.cfg.Roles.Assumable(k.Role, k.Further) {
		names = append(names, role.Name())
	}
	return names, nil
}
