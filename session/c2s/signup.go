package c2s

import (
	"context"
	"net"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/auth"
	"github.com/rollcall-xmpp/rollcall/session/roles"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// In-band registration before a login: XEP-0077, 3.1.

// signUpLimit bounds how many accounts one address may try to make: three at
// once, then one a minute, and fewer and fewer. Each attempt counts, as a
// failure does at logins, for each tells whether a name is taken.
var signUpLimit = auth.ThrottleConfig{Free: 2, Base: time.Minute, Max: time.Hour}

// throttleKey counts the attempts of an address, whichever port it is from.
func (l *login) throttleKey() string {
	if of := l.Origin(); of.IsValid() {
		return of.String()
	}
	host, _, err := net.SplitHostPort(l.Address())
	if err != nil {
		return l.Address()
	}
	return host
}

// canRegister reports that the client may make an account: not where the users are
// another database's.
func (l *login) canRegister() bool {
	return l.srv.cfg.Registry != nil && l.mayShowPassword() && l.srv.cfg.Users[l.Host()].Own()
}

// mayShowPassword reports that a client is at the point of a login where it could
// show a password.
func (l *login) mayShowPassword() bool {
	return !l.IsAuthenticated() && (l.Secured() || l.srv.cfg.AllowPlaintext)
}

// register answers a request of a client that has not logged in (XEP-0077, 3.1).
// Some ask where it is not announced, and wait for the answer.
func (l *login) register(iq *stanza.Element) error {
	switch t := iq.Type(); {
	case iq.ID() == "" || t != "get" && t != "set":
	case !l.canRegister():
		return l.refuse(iq, stanza.ServiceUnavailable)
	case t == "get":
		l.Send(stanza.AppendResult(nil, iq, signUpForm, stanza.Stamp{}))
		return nil
	default:
		err := l.signUp(iq.Child(nsRegister, "query"))
		if cause := registryError(err); cause != nil {
			l.Send(stanza.AppendError(nil, iq, cause, stanza.Stamp{}))
			return nil
		}
		if err == nil {
			l.Send(stanza.AppendResult(nil, iq, "", stanza.Stamp{}))
		}
		return err
	}
	return l.refuse(iq, stanza.BadRequest)
}

// signUp makes an account. If it can't be recorded, it is there all the same, as
// one that the operator made (its history begins with the first login).
func (l *login) signUp(query *stanza.Element) error {
	if query.Child(nsRegister, "remove") != nil {
		return refuse(stanza.UnexpectedRequest)
	}
	if _, ok := l.srv.signUps.Allow(l.throttleKey()); !ok {
		l.srv.stats.limits[LimitRegistrations].Add(1)
		return &stanza.Error{Condition: stanza.ResourceConstraint, Text: "too many registrations from this address; try later"}
	}
	l.srv.signUps.Failed(l.throttleKey())
	username, password := filledIn(query)
	local, err := events.PrepareLocal(username)
	if err != nil {
		return &stanza.Error{Condition: stanza.NotAcceptable, Text: "this user name is not possible"}
	}
	if password == "" {
		return &stanza.Error{Condition: stanza.NotAcceptable, Text: "a password is needed"}
	}
	account, err := events.NewJID(local, l.Host(), "")
	if err != nil {
		return err
	}
	svc := l.srv.service.Load()
	if svc == nil {
		return events.ErrUnavailable
	}
	ctx, cancel := context.WithTimeout(context.Background(), loginTime)
	defer cancel()
	if err := l.srv.cfg.Registry.Register(ctx, account, password, roles.Registered); err != nil {
		return err
	}
	_, _, err = svc.Do(ctx, account, l.ID(), session.CreateAccount{By: events.Actor(account.String())})
	return err
}
