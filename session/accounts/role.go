package accounts

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/auth"
	"github.com/rollcall-xmpp/rollcall/session/roles"
)

// A RoleChange says which roles an account is to have. Names that Roles does not have are
// refused, but for those that are removed.
type RoleChange struct {
	Roles   *roles.Set // the service's
	Primary string     // "": as it is
	Add     []string   // further ones
	Remove  []string   // of the further ones
	By      events.Actor
	Text    string // why, for people; at most session.MaxKickText
}

// ChangedRoles is what has come of a RoleChange.
type ChangedRoles struct {
	Now   *auth.Credentials  // with the roles that the account has
	Ended []*session.Session // that might have done more
	Same  bool               // it had these roles already: nothing was changed, and there is no event
}

// ChangeRoles gives an account other roles. Sessions that may do less by it end; the others
// have the new roles at once, wherever they are. To change nothing is no error. It fails with
// auth.ErrNoAccount.
func (a *Admin) ChangeRoles(ctx context.Context, account events.JID, c RoleChange) (done ChangedRoles, err error) {
	if err := c.check(); err != nil {
		return done, err
	}
	was := ""
	err = a.Store.change(ctx, account, func(k *auth.Credentials) (*auth.Credentials, error) {
		was = cmp.Or(k.Role, roles.Default)
		done.Now, err = c.apply(k)
		if err == nil && was == done.Now.Role && slices.Equal(k.Further, done.Now.Further) {
			return nil, errSame
		}
		return done.Now, err
	})
	switch {
	case errors.Is(err, errSame):
		if done.Same, err = a.saysRoles(ctx, account, done.Now); err != nil || done.Same {
			return done, err
		}
	case err != nil:
		return done, err
	}
	done.Now, done.Ended, err = a.recordRoles(ctx, account, c, was, done.Now)
	return done, err
}

// recordRoles appends the change from was. Of two changes at once the one that was made last
// may be on record first; then the log, by which sessions go, is told of it once more.
func (a *Admin) recordRoles(ctx context.Context, account events.JID, c RoleChange, was string, is *auth.Credentials) (now *auth.Credentials, ended []*session.Session, err error) {
	for now = is; ; {
		gone, err := a.record(ctx, account, c.command(was, now))
		ended = append(ended, gone...)
		if err != nil {
			return now, ended, err
		}
		k, err := a.Credentials(ctx, account)
		if errors.Is(err, auth.ErrNoAccount) {
			return now, ended, nil // it has been removed since
		}
		if err != nil {
			return now, ended, unrecorded(account, err)
		}
		if cmp.Or(k.Role, roles.Default) == now.Role && slices.Equal(k.Further, now.Further) {
			return now, ended, nil
		}
		was, now = now.Role, k
		now.Role = cmp.Or(now.Role, roles.Default)
	}
}

// SetRole is ChangeRoles for the primary role alone.
func (a *Admin) SetRole(ctx context.Context, by events.Actor, account events.JID, set *roles.Set, role, why string) (ended []*session.Session, err error) {
	done, err := a.ChangeRoles(ctx, account, RoleChange{Roles: set, Primary: role, By: by, Text: why})
	return done.Ended, err
}

func (c *RoleChange) check() error {
	for _, name := range append([]string{c.Primary}, c.Add...) {
		if name != "" && c.Roles.Role(name) == nil {
			return fmt.Errorf("there is no role %s; there are %s", name, c.Roles)
		}
	}
	return nil
}

// apply returns the account with its new roles. The primary one is never a further one, too.
func (c *RoleChange) apply(k *auth.Credentials) (*auth.Credentials, error) {
	next := *k
	next.Role = cmp.Or(c.Primary, k.Role, roles.Default)
	next.Further = slices.Concat(k.Further, c.Add)
	slices.Sort(next.Further)
	next.Further = slices.DeleteFunc(slices.Compact(next.Further), func(name string) bool {
		return name == next.Role || slices.Contains(c.Remove, name)
	})
	if n := len(next.Further); n > auth.MaxFurther {
		return nil, fmt.Errorf("%d further roles, the limit is %d", n, auth.MaxFurther)
	}
	return &next, nil
}

// command tells the log. An old role that is not known here may have allowed anything.
func (c *RoleChange) command(was string, now *auth.Credentials) session.ChangeRole {
	before := c.Roles.Role(was)
	change := session.ChangeRole{
		Role: now.Role, Further: now.Further, Was: was, NoLess: before != nil && c.Roles.Role(now.Role).Covers(before),
		By: c.By, Text: c.Text,
	}
	for _, r := range c.Roles.Assumable(now.Role, now.Further) {
		change.Assumable = append(change.Assumable, r.Name())
	}
	return change
}
