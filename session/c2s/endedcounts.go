package c2s

import (
	"crypto/sha256"
	"sync"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/lru"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// A client that comes too late to resume its session is told how many of its
// stanzas were handled (XEP-0198, 5), so that it sends none of them again.

// maxEnded is how many sessions are remembered after their end, those that
// ended last, at about 150 bytes each. A client that comes for an older
// one is told no count, and has to guess.
const maxEnded = 10_000

// An endedKey is the hash of the session's account and of its resumption id.
type endedKey [sha256.Size]byte

func endedKeyOf(account events.JID, id string) endedKey {
	return sha256.Sum256([]byte(account.String() + " " + id))
}

// endedSessions are the counts of sessions that could have been resumed at this
// connector.
type endedSessions struct {
	mu      sync.Mutex
	handled lru.Cache[endedKey, uint32] // guarded
}

func newEndedSessions() *endedSessions {
	return &endedSessions{handled: lru.Cache[endedKey, uint32]{Limit: maxEnded}}
}

// add remembers a count, and forgets the oldest at the limit.
func (e *endedSessions) add(k endedKey, handled uint32) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.handled.Put(k, handled, 1)
}

func (e *endedSessions) count(k endedKey) (handled uint32, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.handled.Peek(k)
}

// tooLate answers a client that wants to resume a session that is not there, or no
// longer.
func (c *conn) tooLate(id string) []byte {
	c.srv.stats.tooLate.Add(1)
	b := []byte("<failed xmlns='" + stanza.NSStreamMgmt + "'")
	if h, ok := c.srv.ended.count(endedKeyOf(c.account, id)); ok {
		b = stanza.AppendAttr(b, "h", formatCount(h))
	}
	return append(b, "><"+string(stanza.ItemNotFound)+" xmlns='"+stanza.NSStanzaErrors+"'/></failed>"...)
}
