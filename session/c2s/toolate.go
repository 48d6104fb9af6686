package c2s

import (
	"crypto/sha256"
	"sync"

	"rollcall/events"
	"rollcall/session/stanza"
)

// What a client is told that comes too late to resume its session: how many of
// its stanzas were handled (XEP-0198, 5), so that it sends none of them again.

// maxEnded is how many sessions are remembered after their end, those that
// ended last, at about 150 bytes each. Who comes for an older one is told no
// count, and has to guess.
const maxEnded = 10_000

// An endedKey is the hash of whose session it was and of its resumption id.
type endedKey [sha256.Size]byte

func endedKeyOf(account events.JID, id string) endedKey {
	return sha256.Sum256([]byte(account.String() + " " + id))
}

// endedSessions are the counts of sessions that could have been resumed at this
// connector. The zero value is empty.
type endedSessions struct {
	mu      sync.Mutex
	handled map[endedKey]uint32 // guarded
	keys    []endedKey          // guarded; of handled, a ring when there are maxEnded
	oldest  int                 // guarded; of keys
}

// add remembers a count, and forgets the oldest at the limit.
func (e *endedSessions) add(k endedKey, handled uint32) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.handled == nil {
		e.handled = map[endedKey]uint32{}
	}
	if len(e.keys) < maxEnded {
		e.keys = append(e.keys, k)
	} else {
		delete(e.handled, e.keys[e.oldest])
		e.keys[e.oldest] = k
		e.oldest = (e.oldest + 1) % maxEnded
	}
	e.handled[k] = handled
}

func (e *endedSessions) count(k endedKey) (handled uint32, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	handled, ok = e.handled[k]
	return handled, ok
}

// tooLate answers who wants to resume a session that is not there, or not any
// more.
func (c *conn) tooLate(id string) []byte {
	b := []byte("<failed xmlns='" + stanza.NSStreamMgmt + "'")
	if h, ok := c.srv.ended.count(endedKeyOf(c.account, id)); ok {
		b = stanza.AppendAttr(b, "h", formatCount(h))
	}
	return append(b, "><"+string(stanza.ItemNotFound)+" xmlns='"+stanza.NSStanzaErrors+"'/></failed>"...)
}
