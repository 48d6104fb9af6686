package auth

import (
	"context"

	"github.com/rollcall-xmpp/rollcall/events"
)

// A Domain says who the users of a domain are and how they show it. The zero Domain has
// our own accounts. It is not changed once an [Authenticator] has it.
type Domain struct {
	// Source names the database that Passwords asks, for people: "ldap".
	Source string
	// Passwords are checked here, not with our own keys; so there is no SCRAM, which
	// needs keys. A [TokenVerifier] gets OAUTHBEARER as well.
	Passwords Verifier
	// Certificates of clients let them in by EXTERNAL; nil: none do.
	Certificates *Certificates
	// Guests come in by ANONYMOUS, each with an account that nothing is kept of. A
	// domain of guests has nobody else.
	Guests bool
}

// Elsewhere reports that the domain's users are in a database that is not ours.
func (d Domain) Elsewhere() bool { return d.Passwords != nil }

// Own reports that the domain has our own accounts, whose passwords can be changed here.
func (d Domain) Own() bool { return d.Passwords == nil && !d.Guests }

func (d Domain) tokens() TokenVerifier {
	t, _ := d.Passwords.(TokenVerifier)
	return t
}

// An Enroller makes the records of accounts that are another database's.
type Enroller interface {
	// Enrol makes an account's record, without keys, and reports that it did; if there
	// is one already it returns that.
	Enrol(ctx context.Context, account events.JID) (c *Credentials, made bool, err error)
}
