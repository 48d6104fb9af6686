package projector

import (
	"hash/maphash"
	"strings"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

const (
	// internSlots is how many texts an interner remembers; a power of two.
	internSlots = 1 << 12
	// internText is the length in bytes from which a text is too rare to be
	// remembered.
	internText = 1 << 10
)

// An interner makes the texts of records the table's own. They refer to the
// message that brought them, all of which would stay in memory with them; and
// most are the same for many sessions: presence of clients of one make. It remembers the texts met last and gives them out again.
// Only the folding goroutine uses it.
type interner struct {
	seed   maphash.Seed
	recent [internSlots]string
}

func newInterner() *interner { return &interner{seed: maphash.MakeSeed()} }

func (k *interner) text(s string) string {
	if len(s) == 0 || len(s) >= internText {
		return strings.Clone(s)
	}
	slot := &k.recent[maphash.String(k.seed, s)%internSlots]
	if *slot != s {
		*slot = strings.Clone(s)
	}
	return *slot
}

// intern gives the record texts of its own wherever session.Apply keeps them; JIDs,
// addresses and connectors' names are copied by that. before is the account as it was.
func (k *interner) intern(st *events.Stored, before *session.Account) {
	switch e := st.Event.(type) {
	case events.PresenceAvailable:
		e.Stanza = k.text(e.Stanza)
		st.Event = e
	case events.PresenceDirected:
		e.To = e.To.Clone()
		st.Event = e
	case events.StreamManagementEnabled:
		e.TokenHash = strings.Clone(e.TokenHash)
		st.Event = e
	case events.Refreshed:
		if before.Session(st.Session) == nil { // otherwise nothing of it is kept
			st.Event = k.ownRefreshed(e)
		}
	}
}

func (k *interner) ownRefreshed(e events.Refreshed) events.Refreshed {
	e.Presence, e.TokenHash = k.text(e.Presence), strings.Clone(e.TokenHash)
	directed := make([]events.JID, len(e.Directed))
	for i, to := range e.Directed {
		directed[i] = to.Clone()
	}
	e.Directed = directed
	return e
}
