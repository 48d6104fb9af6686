package c2s

import (
	"context"
	"errors"

	"rollcall/events"
	"rollcall/session/pep"
	"rollcall/session/stanza"
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
	doc, err := s.cfg.Private.Get(ctx, account.Bare())
	if err != nil && !errors.Is(err, events.ErrNotFound) {
		return nil, err
	}
	if doc.Deleted {
		doc.Data = nil
	}
	return pep.Decode(doc.Revision, doc.Data)
}

// change changes what the client's account keeps.
func (cl *client) change(by func(*pep.Store) (*pep.Store, error)) (*pep.Store, error) {
	return cl.srv.change(cl.account, by)
}

// change changes what an account keeps, unless by returns what it was given.
func (s *Server) change(account events.JID, by func(*pep.Store) (*pep.Store, error)) (next *pep.Store, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), loginTime)
	defer cancel()
	_, err = events.Update(ctx, s.cfg.Private, account.Bare(), func(doc events.Document) ([]byte, error) {
		old, err := pep.Decode(doc.Revision, doc.Data)
		if err != nil {
			return nil, err
		}
		if next, err = by(old); err != nil || next == old {
			return doc.Data, err
		}
		return next.Encode(), nil
	})
	return next, err
}

// alone is an element as it is stored: it means the same wherever it is put.
func alone(el *stanza.Element) []byte {
	if el == nil {
		return nil
	}
	return el.AppendTo(nil, stanza.Stamp{Standalone: true})
}
