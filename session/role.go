package session

import (
	"slices"

	"github.com/rollcall-xmpp/rollcall/events"
)

// commonRoles are those that nearly all sessions have: a byte tells which. Any other is
// spelled out in the session's optional part.
var commonRoles = [...]string{"", "member", "registered", "guest", "admin", "operator"}

// otherRole says that the role is in the optional part.
const otherRole = uint8(len(commonRoles))

// Role is the role that the session has; "" if nobody recorded it.
func (s *Session) Role() string {
	if s.role == otherRole {
		return s.optional.role
	}
	return commonRoles[s.role]
}

func (s *Session) setRole(name string) {
	if i := slices.Index(commonRoles[:], name); i >= 0 {
		s.role = uint8(i)
		if s.optional != nil && s.optional.role != "" {
			s.ownOptional().role = ""
		}
		return
	}
	s.ownOptional().role, s.role = name, otherRole
}

// changeRole gives the account's sessions that had its old role, or none that anybody
// recorded, the new one. Those that have taken another one keep it.
func changeRole(a Account, e events.RoleChanged) *Account {
	list := make([]*Session, 0, a.n)
	for _, s := range a.Sessions() {
		if has := s.Role(); has == e.Was || has == "" {
			d := s.draft()
			d.setRole(e.Role)
			s = d.session()
		}
		list = append(list, s)
	}
	return a.With(list)
}

func (c ChangeRole) decide(a *Account) ([]Step, error) {
	by := c.By.Fit()
	changed := events.RoleChanged{Role: c.Role, Further: c.Further, Was: c.Was, By: by, Text: c.Text}
	var steps []Step
	for _, s := range a.Sessions() {
		if !c.keeps(s.Role()) {
			steps = append(steps, s.step(events.Closed{Reason: events.ReasonRoleChanged, Text: c.Text, By: by})...)
		}
	}
	return append(steps, Step{Event: changed}), nil
}

// keeps reports that a session with that role loses nothing: its account's new role is no
// less, or it is one that the account's sessions may still have.
func (c ChangeRole) keeps(role string) bool {
	if role == c.Was || role == "" {
		return c.NoLess
	}
	return slices.Contains(c.Assumable, role)
}

func (c TakeRole) decide(a *Account) ([]Step, error) {
	s, err := a.connectedSession(c.Session)
	if err != nil || s.Role() == c.Role {
		return nil, err
	}
	if a.CredentialsSeq() > c.AsOf {
		return nil, ErrRekeyed
	}
	return s.step(events.RoleTaken{Role: c.Role}), nil
}
