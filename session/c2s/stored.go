package c2s

import (
	"context"

	"rollcall/events"
	"rollcall/session/pep"
)

// What accounts keep with the server: one document an account for private
// storage (XEP-0049), the card (XEP-0054) and personal eventing (XEP-0163).
// Nobody keeps it in memory: it is read when it is asked for.

// storesThings is on for the extensions that need the documents.
func storesThings(c *Config) bool { return c.Private != nil }

// stored reads what an account keeps.
func (s *Server) stored(account events.JID) (*pep.Store, error) {
	ctx, cancel := context.WithTimeout(context.Background(), loginTime)
	defer cancel()
	return pep.Read(ctx, s.cfg.Private, account)
}

// change changes what the client's account keeps.
func (cl *client) change(by func(*pep.Store) (*pep.Store, error)) error {
	ctx, cancel := context.WithTimeout(context.Background(), loginTime)
	defer cancel()
	_, err := pep.Change(ctx, cl.srv.cfg.Private, cl.account, by)
	return err
}
