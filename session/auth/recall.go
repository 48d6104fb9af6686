package auth

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"sync"

	"github.com/rollcall-xmpp/rollcall/events"
)

// maxRecalled bounds the accounts whose last password is recognized. At one
// more any other is forgotten, and its next login costs the full work.
const maxRecalled = 16_384

// A recall recognizes the password that an account came in with last, so that a
// storm of clients with PLAIN that reconnect does not cost 4096 iterations each.
// It keeps a MAC of the password and of the key that it was checked with, under
// a key of this process: a changed password is not recognized, and the memory
// of the process tells no password, but lets whoever reads it guess at the price
// of one MAC a try.
//
// Only a right password is quick. A wrong one costs what it costs for an account
// that doesn't exist.
type recall struct {
	key [sha256.Size]byte

	mu   sync.Mutex
	seen map[events.JID][sha256.Size]byte // guarded
}

func newRecall() *recall {
	r := &recall{seen: map[events.JID][sha256.Size]byte{}}
	rand.Read(r.key[:]) // never fails; it crashes the program rather
	return r
}

// verify is k.verify, for an account.
func (r *recall) verify(account events.JID, k Keys, h hashFunc, prepared string) (bool, error) {
	mac := r.mac(k, prepared)
	r.mu.Lock()
	seen, ok := r.seen[account]
	r.mu.Unlock()
	if ok && hmac.Equal(seen[:], mac[:]) {
		return true, nil
	}
	proven, err := k.verify(h, prepared)
	if proven {
		r.remember(account, mac)
	}
	return proven, err
}

// mac is of fixed-length parts before the password, so that no two cases have
// the same.
func (r *recall) mac(k Keys, prepared string) (sum [sha256.Size]byte) {
	m := hmac.New(sha256.New, r.key[:])
	m.Write(k.StoredKey)
	m.Write([]byte(prepared))
	m.Sum(sum[:0])
	return sum
}

func (r *recall) remember(account events.JID, mac [sha256.Size]byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	put(r.seen, account, mac, maxRecalled)
}
