package accounts

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync/atomic"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/auth"
)

// The inheritance of a domain is a document in the bucket of credentials, under the
// domain. It is no account, for it has no localpart.

// settled is how long a domain keeps an inheritance at least, so that an import that is
// under way is not overlooked.
const settled = 24 * time.Hour

// inherit notes that accounts with such keys come to a domain, before the first that this
// Admin brings is there. An inheritance that is noted already stays, and is as good as
// new.
func (a *Admin) inherit(ctx context.Context, domain string, in auth.Inheritance) error {
	if _, noted := a.inherited.Load(domain); noted {
		return nil
	}
	key, data, revision := events.StoredJID(domain), in.Encode(), uint64(0)
	doc, err := a.Keys.Get(ctx, key)
	if err == nil {
		data, revision = doc.Data, doc.Revision
	}
	if err == nil || errors.Is(err, events.ErrNotFound) {
		_, err = a.Keys.Put(ctx, key, data, revision)
	}
	if err != nil && !errors.Is(err, events.ErrConflict) { // with a conflict somebody else has done it just now
		return fmt.Errorf("note that %s has keys for SHA-1: %w", domain, err)
	}
	a.inherited.Store(domain, struct{}{})
	return nil
}

// Settle ends the inheritances, older than a day, of those domains in which every account
// has got keys for SHA-256 by now, from a new password. It reads all accounts if there is
// any.
func (s *Store) Settle(ctx context.Context, domains []string, now time.Time) error {
	old := map[string]uint64{} // the revisions of those that may end
	for _, domain := range domains {
		doc, err := s.Keys.Get(ctx, events.StoredJID(domain))
		if err == nil && now.Sub(doc.At) > settled {
			old[domain] = doc.Revision
		} else if err != nil && !errors.Is(err, events.ErrNotFound) {
			return err
		}
	}
	if len(old) == 0 {
		return nil
	}
	for doc, err := range s.Keys.All(ctx) {
		if err != nil {
			return err
		}
		if doc.JID.Local() == "" {
			continue
		}
		c, err := auth.DecodeCredentials(doc.Data)
		if err != nil {
			continue // nobody can log in with it
		}
		if _, left := auth.InheritanceOf(c); left {
			delete(old, doc.JID.Domain())
		}
	}
	for domain, revision := range old {
		if err := s.Keys.Delete(ctx, events.StoredJID(domain), revision); err != nil && !errors.Is(err, events.ErrConflict) {
			return err
		}
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
