package session

import (
	"cmp"
	"errors"
	"slices"

	"github.com/rollcall-xmpp/rollcall/events"
)

// Refusals. They are about the account as it is at this sequence of the log,
// not about the text of a command, which the caller has checked before.
var (
	// ErrGone: the session is closed, or never was. Its stream must end.
	ErrGone = errors.New("the session is closed")
	// ErrAlreadyBound: the session has a resource; it gets no other
	// (RFC 6120, 7.1).
	ErrAlreadyBound = errors.New("the session is bound already")
	// ErrNotBound: the command needs a connected resource.
	ErrNotBound = errors.New("the session is not bound")
	// ErrConflict: another session has the full JID and policy keeps it.
	ErrConflict = errors.New("the full JID is in use")
	// ErrTooManySessions: the account is at its limit.
	ErrTooManySessions = errors.New("the account has too many sessions")
	// ErrTooManyDirected: the session is at MaxDirected.
	ErrTooManyDirected = errors.New("the session directed presence to too many")
	// ErrNotResumable: there is no such session to resume, or not for this
	// client.
	ErrNotResumable = errors.New("there is no such session to resume")
	// ErrRekeyed: the password changed, or the account was removed, while the
	// client proved that it knew it. It may try again.
	ErrRekeyed = errors.New("the credentials changed during the login")
	// errStale: the account is not as Refresh says. It never leaves the package.
	errStale = errors.New("the account has moved on")
	// ErrAlreadyManaged: stream management is on (XEP-0198, 3).
	ErrAlreadyManaged = errors.New("stream management is on already")
)

// Decide returns the events that carry out the command on the account, or a
// refusal. No events and no refusal means that the account is as wished
// already. The steps are appended in order, each on top of the one before; at
// every point between them the account is in a state that is allowed.
func Decide(a *Account, c Command) ([]Step, error) { return c.decide(a) }

func (c Authenticate) decide(a *Account) ([]Step, error) {
	if a.Session(c.Session) != nil {
		return nil, nil
	}
	switch {
	case a == nil:
	case a.CredentialsSeq() > c.AsOf:
		return nil, ErrRekeyed
	case len(a.Sessions()) >= MaxSessions:
		return nil, ErrTooManySessions
	}
	return []Step{{Session: c.Session, Event: events.Authenticated{Mechanism: c.Mechanism, TLS: c.TLS, Address: c.Address, Agent: c.Agent, Role: c.Role}}}, nil
}

func (c Bind) decide(a *Account) ([]Step, error) {
	s := a.Session(c.Session)
	switch {
	case s == nil:
		return nil, ErrGone
	case s.Bound():
		return nil, ErrAlreadyBound
	}
	resource := cmp.Or(c.Resource, c.Generated)
	other := a.Resource(resource)
	if other != nil && c.Conflict == Rename {
		resource = c.Generated
		other = a.Resource(resource)
	}
	if other != nil && c.Conflict != Replace {
		return nil, ErrConflict
	}
	if other == nil && c.Limit > 0 && a.connected() >= c.Limit {
		return nil, ErrTooManySessions
	}
	full, err := a.JID().WithResource(resource)
	if err != nil {
		return nil, err
	}
	bind := Step{c.Session, full, events.Bound{Requested: c.Resource, Role: s.Role()}}
	if other == nil {
		return []Step{bind}, nil
	}
	return []Step{other.close(events.ReasonReplaced, ""), bind}, nil
}

func (c RequestRoster) decide(a *Account) ([]Step, error) {
	s, err := a.connectedSession(c.Session)
	if err != nil || s.Interested() {
		return nil, err
	}
	return s.step(events.RosterRequested{}), nil
}

func (c BecomeAvailable) decide(a *Account) ([]Step, error) {
	s, err := a.connectedSession(c.Session)
	if err == nil && !fits(c.Stanza, s.Directed()) {
		err = events.ErrTooLarge
	}
	if err != nil {
		return nil, err
	}
	return s.step(events.PresenceAvailable{Priority: c.Priority, Show: c.Show, Stanza: c.Stanza}), nil
}

func (c BecomeUnavailable) decide(a *Account) ([]Step, error) {
	s, err := a.connectedSession(c.Session)
	if err != nil || !s.Available() && len(s.Directed()) == 0 {
		return nil, err
	}
	return s.step(events.PresenceUnavailable{Stanza: c.Stanza}), nil
}

func (c DirectPresence) decide(a *Account) ([]Step, error) {
	s, err := a.connectedSession(c.Session)
	if err != nil {
		return nil, err
	}
	known := false
	for _, to := range s.Directed() {
		known = known || to == c.To
	}
	switch {
	case known == c.Available:
		return nil, nil
	case c.Available && (len(s.Directed()) >= MaxDirected || !fits(s.Presence, append(slices.Clip(s.Directed()), c.To))):
		return nil, ErrTooManyDirected
	}
	return s.step(events.PresenceDirected{To: c.To, Available: c.Available}), nil
}

func (c SwitchCarbons) decide(a *Account) ([]Step, error) {
	s, err := a.connectedSession(c.Session)
	if err != nil || s.Carbons() == c.On {
		return nil, err
	}
	if c.On {
		return s.step(events.CarbonsEnabled{}), nil
	}
	return s.step(events.CarbonsDisabled{}), nil
}

func (c EnableStreamManagement) decide(a *Account) ([]Step, error) {
	s, err := a.connectedSession(c.Session)
	if err != nil {
		return nil, err
	}
	if s.Managed() {
		return nil, ErrAlreadyManaged
	}
	return s.step(events.StreamManagementEnabled{Resumable: c.Resumable, Max: c.Max, TokenHash: c.TokenHash}), nil
}

func (c Detach) decide(a *Account) ([]Step, error) {
	s := a.Session(c.Session)
	if s == nil || s.Detached() || !s.heldBy(c.conn) {
		return nil, nil
	}
	return []Step{s.leave(c.Reason, c.Now)}, nil
}

func (c Resume) decide(a *Account) ([]Step, error) {
	s, prev := a.Session(c.Session), a.Session(c.Previous)
	switch {
	case s == nil:
		return nil, ErrGone
	case s.Bound():
		return nil, ErrAlreadyBound
	case prev == nil || !prev.Resumable() || c.TokenHash == "" || prev.optional.tokenHash != c.TokenHash:
		return nil, ErrNotResumable
	case prev.Detached() && prev.DetachedUntil() < c.Now:
		return nil, ErrNotResumable
	}
	ended := s.close(events.ReasonResumed, "")
	if !prev.Detached() && prev.Conn == s.Conn && !s.Conn.IsZero() {
		return []Step{ended}, nil // overtaken between the two
	}
	return []Step{{prev.ID, prev.JID(), events.Resumed{Address: c.Address}}, ended}, nil
}

func (c Close) decide(a *Account) ([]Step, error) {
	s := a.Session(c.Session)
	if s == nil || !s.heldBy(c.conn) {
		return nil, nil
	}
	return s.step(events.Closed{Reason: c.Reason, Text: c.Text, By: c.By.Fit()}), nil
}

func (c Kick) decide(a *Account) ([]Step, error) {
	return c.among(a, events.Closed{Reason: events.ReasonKicked, Text: c.Text, By: c.By.Fit()})
}

// among ends the sessions that are meant.
func (c Kick) among(a *Account, end events.Closed) ([]Step, error) {
	if c.Resource == "" && c.Session.IsZero() {
		return a.closeAll(end, events.SessionID{}), nil
	}
	s := a.Session(c.Session)
	if c.Session.IsZero() {
		s = a.Resource(c.Resource)
	}
	if s == nil {
		return nil, ErrGone
	}
	return s.step(end), nil
}

func (c Fence) decide(a *Account) ([]Step, error) {
	var steps []Step
	if a == nil {
		return nil, nil
	}
	for _, s := range a.Sessions() {
		switch {
		case s.Connector().Name != c.Lost.Name || s.Connector().Epoch > c.Lost.Epoch:
		case !c.Keep:
			steps = append(steps, c.lost(s.close(events.ReasonConnectorLost, "")))
		case !s.Detached():
			steps = append(steps, c.lost(s.leave(events.ReasonConnectorLost, c.Now)))
		}
	}
	return steps, nil
}

// lost is a step that the loss of a connector makes, which it names: another one writes it.
func (c Fence) lost(step Step) Step {
	switch e := step.Event.(type) {
	case events.Closed:
		e.HeldBy = c.Lost.Name
		step.Event = e
	case events.Detached:
		e.HeldBy = c.Lost.Name
		step.Event = e
	}
	return step
}

func (c Expire) decide(a *Account) (steps []Step, err error) {
	if a == nil {
		return nil, nil
	}
	for _, s := range a.Sessions() {
		if s.Detached() && s.DetachedUntil() < c.Now {
			steps = append(steps, s.close(events.ReasonTimeout, ""))
		}
	}
	return steps, nil
}

func (c Refresh) decide(a *Account) ([]Step, error) {
	if a.seq() != c.Account.seq() {
		return nil, errStale
	}
	var steps []Step
	if c.Account == nil {
		return nil, nil
	}
	for _, s := range c.Account.Sessions() {
		if s.Connector() == c.Holder && s.Since < c.Begun {
			steps = append(steps, Step{s.ID, s.JID(), s.refreshed()})
		}
	}
	return steps, nil
}

func (c CreateAccount) decide(*Account) ([]Step, error) {
	return []Step{{Event: events.AccountCreated{By: c.By.Fit()}}}, nil
}

func (c ChangePassword) decide(a *Account) ([]Step, error) {
	by := c.By.Fit()
	steps := a.closeAll(events.Closed{Reason: events.ReasonPasswordChanged, By: by}, c.Except)
	return append(steps, Step{Event: events.PasswordChanged{By: by}}), nil
}

func (c RemoveAccount) decide(a *Account) ([]Step, error) {
	by := c.By.Fit()
	steps := a.closeAll(events.Closed{Reason: events.ReasonAccountRemoved, By: by}, events.SessionID{})
	return append(steps, Step{Event: events.AccountRemoved{By: by}}), nil
}

func (c DisableAccount) decide(a *Account) ([]Step, error) {
	by := c.By.Fit()
	end := events.Closed{Reason: cmp.Or(c.Reason, events.ReasonAccountDisabled), Text: c.Text, By: by}
	steps, err := Kick{Resource: c.Resource, Session: c.Session}.among(a, end)
	if err != nil && !errors.Is(err, ErrGone) {
		return nil, err
	}
	return append(steps, Step{Event: events.AccountDisabled{Until: c.Until, Text: c.Text, By: by}}), nil
}

func (c EnableAccount) decide(*Account) ([]Step, error) {
	return []Step{{Event: events.AccountEnabled{By: c.By.Fit()}}}, nil
}

func (c BanNetwork) decide(*Account) ([]Step, error) {
	return []Step{{Event: events.NetworkBanned{Network: c.Network.String(), Until: c.Until, Text: c.Text, By: c.By.Fit()}}}, nil
}

func (c UnbanNetwork) decide(*Account) ([]Step, error) {
	return []Step{{Event: events.NetworkUnbanned{Network: c.Network.String(), By: c.By.Fit()}}}, nil
}

// connectedSession finds a session that must be bound.
func (a *Account) connectedSession(id events.SessionID) (*Session, error) {
	s := a.Session(id)
	switch {
	case s == nil:
		return nil, ErrGone
	case !s.Bound():
		return nil, ErrNotBound
	}
	return s, nil
}

func (a *Account) connected() (n int) {
	for _, s := range a.Sessions() {
		if s.Bound() {
			n++
		}
	}
	return n
}

func (a *Account) closeAll(end events.Closed, except events.SessionID) (steps []Step) {
	if a == nil {
		return nil
	}
	for _, s := range a.Sessions() {
		if s.ID != except {
			steps = append(steps, s.step(end)...)
		}
	}
	return steps
}

func (s *Session) step(e events.Event) []Step { return []Step{{s.ID, s.JID(), e}} }

func (s *Session) close(reason events.Reason, text string) Step {
	return Step{s.ID, s.JID(), events.Closed{Reason: reason, Text: text}}
}

// leave is what becomes of a session that has lost its connection.
func (s *Session) leave(reason events.Reason, now int64) Step {
	if !s.Resumable() {
		return s.close(reason, "")
	}
	until := now + int64(s.optional.max)*1e9
	return Step{s.ID, s.JID(), events.Detached{Reason: reason, Until: until}}
}
