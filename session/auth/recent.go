package auth

import (
	"context"
	"sync"

	"github.com/rollcall-xmpp/rollcall/events"
)

// maxRecent bounds the accounts whose credentials are kept, at about half a KB
// each. At one more any other is forgotten.
const maxRecent = 16_384

// A Changes tells where in the log an account's credentials last changed, or 0,
// and how far the log is known. The change may have been before that place, but not
// after it. It does not block.
type Changes func(account events.JID) (changed, known events.Seq)

// Recent keeps the credentials of accounts that logged in recently, so that a
// client that comes back costs no reading. It implements [CredentialStore].
//
// What it returns is as good as what the store would: credentials were read when
// the log was known up to some place, and are read again once the log tells of a
// change after it. Since a change is written to the store first, then to the
// log, they have it then. A change that the log did not tell of, because its
// writer died between the two, is for [Recent.Forget].
//
// It may be used by many goroutines.
type Recent struct {
	accounts CredentialStore
	changes  Changes

	mu        sync.Mutex
	kept      map[events.JID]keptCredentials // guarded
	forgotten uint64                         // guarded; how often something was
}

type keptCredentials struct {
	*Credentials
	at events.Seq // where the log was known to before they were read
}

// NewRecent returns one that keeps nothing yet.
func NewRecent(accounts CredentialStore, changes Changes) *Recent {
	return &Recent{accounts: accounts, changes: changes, kept: map[events.JID]keptCredentials{}}
}

// Credentials implements [CredentialStore]. It does not remember that an account does
// not exist.
func (r *Recent) Credentials(ctx context.Context, account events.JID) (*Credentials, error) {
	changed, known := r.changes(account)
	r.mu.Lock()
	k, ok := r.kept[account]
	before := r.forgotten
	r.mu.Unlock()
	if ok && changed <= k.at {
		return k.Credentials, nil
	}
	c, err := r.accounts.Credentials(ctx, account)
	if err == nil {
		r.keep(account, keptCredentials{c, known}, before)
	}
	return c, err
}

// keep takes what was read, unless something was forgotten since.
func (r *Recent) keep(account events.JID, k keptCredentials, before uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.forgotten != before {
		return
	}
	put(r.kept, account, k, maxRecent)
}

// Forget says that an account's credentials have changed. Credentials that are
// being read meanwhile are not kept.
func (r *Recent) Forget(account events.JID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.kept, account)
	r.forgotten++
}

// ForgetAll says that anything may have changed.
func (r *Recent) ForgetAll() {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.kept)
	r.forgotten++
}
