package accounts

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync/atomic"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/auth"
)

// What a domain has inherited is a document in the bucket of credentials, under the
// domain. It is no account, for it has no localpart.

// inherit notes that accounts with such keys come to a domain, before the first is there.
// What is noted already stays.
func (s *Store) inherit(ctx context.Context, domain string, in auth.Inheritance) error {
	_, err := s.Keys.Put(ctx, events.StoredJID(domain), in.Encode(), 0)
	if err != nil && !errors.Is(err, events.ErrConflict) {
		return fmt.Errorf("note that %s has keys for SHA-1: %w", domain, err)
	}
	return nil
}

// Inheritances are what domains have inherited, as the documents say. It is used by many
// goroutines, of which one may change it; the zero value knows of none.
type Inheritances struct {
	known atomic.Pointer[map[string]auth.Inheritance] // by domain; never changed, but replaced
}

// Of is what a domain has inherited, false if nothing.
func (i *Inheritances) Of(domain string) (auth.Inheritance, bool) {
	known := i.known.Load()
	if known == nil {
		return auth.Inheritance{}, false
	}
	in, ok := (*known)[domain]
	return in, ok
}

// set changes what is known of a domain; nil: it has inherited nothing.
func (i *Inheritances) set(domain string, in *auth.Inheritance) {
	next := map[string]auth.Inheritance{}
	if known := i.known.Load(); known != nil {
		maps.Copy(next, *known)
	}
	if in != nil {
		next[domain] = *in
	} else {
		delete(next, domain)
	}
	i.known.Store(&next)
}

// Load reads those of some domains.
func (i *Inheritances) Load(ctx context.Context, docs events.Documents, domains []string) error {
	for _, domain := range domains {
		doc, err := docs.Get(ctx, events.StoredJID(domain))
		switch {
		case err == nil:
			i.Changed(doc)
		case errors.Is(err, events.ErrNotFound):
			i.set(domain, nil)
		default:
			return err
		}
	}
	return nil
}

// Changed takes a document that has changed, if it is of a domain. One that can't be read
// is of a later program, and as good as none.
func (i *Inheritances) Changed(doc events.Document) {
	if doc.JID.Local() != "" || doc.JID.String() == secretName {
		return
	}
	in, err := auth.DecodeInheritance(doc.Data)
	if doc.Deleted || err != nil {
		i.set(doc.JID.String(), nil)
		return
	}
	i.set(doc.JID.Clone().String(), &in)
}
