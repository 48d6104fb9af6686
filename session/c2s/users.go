package c2s

import (
	"context"
	"crypto/x509"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/auth"
)

// Users of other databases than our own, and guests, who are in none.

// users says who the users of an account's domain are.
func (s *Server) users(account events.JID) auth.Domain { return s.cfg.Users[account.Domain()] }

// isGuest reports an account that is there for one session, and of which nothing is kept.
func (s *Server) isGuest(account events.JID) bool { return s.users(account).Guests }

// enrolled records that an account of another database is known here from now on, by the
// word of that.
func (s *Server) enrolled(ctx context.Context, svc *session.Service, cause events.ConnID, account events.JID) error {
	_, _, err := svc.Do(ctx, account, cause, session.CreateAccount{By: events.Actor(s.users(account).Source)})
	return err
}

// clientCAs are the authorities of the domains that certificates let in to.
func clientCAs(users map[string]auth.Domain) map[string]*x509.CertPool {
	cas := map[string]*x509.CertPool{}
	for domain, d := range users {
		if d.Certificates != nil {
			cas[domain] = d.Certificates.Roots
		}
	}
	return cas
}
