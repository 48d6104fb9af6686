package httpauth

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"sync"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/lru"
)

// maxKept bounds the accounts whose right password is remembered, at some 200 bytes each;
// beyond it the ones that logged in the longest ago are forgotten.
const maxKept = 16_384

// kept are the passwords that were right recently: one an account, as a MAC under a key
// that only this process has.
type kept struct {
	life time.Duration // 0: nothing is kept
	key  [sha256.Size]byte

	mu    sync.Mutex
	right lru.Cache[events.JID, memory] // guarded
}

type memory struct {
	mac [sha256.Size]byte
	at  time.Time // when it was known to be right
}

func newKept(life time.Duration) *kept {
	k := &kept{life: life, right: lru.Cache[events.JID, memory]{Limit: maxKept}}
	rand.Read(k.key[:]) // never fails; it crashes the program rather
	return k
}

func (k *kept) mac(password string) (sum [sha256.Size]byte) {
	m := hmac.New(sha256.New, k.key[:])
	m.Write([]byte(password))
	m.Sum(sum[:0])
	return sum
}

// has reports that the password was right, less than a life ago.
func (k *kept) has(account events.JID, password string) bool {
	if k.life == 0 {
		return false
	}
	mac := k.mac(password)
	k.mu.Lock()
	defer k.mu.Unlock()
	m, ok := k.right.Peek(account)
	return ok && time.Since(m.at) < k.life && hmac.Equal(m.mac[:], mac[:])
}

func (k *kept) put(account events.JID, password string, at time.Time) {
	if k.life == 0 {
		return
	}
	mac := k.mac(password)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.right.Put(account, memory{mac, at}, 1)
}

// drop forgets an account that may not come in by any password.
func (k *kept) drop(account events.JID) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.right.Remove(account)
}
