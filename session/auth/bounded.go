package auth

import "github.com/rollcall-xmpp/rollcall/events"

// put sets an account's value in a map that is to have so many at most. At one
// more any other is forgotten.
func put[V any](m map[events.JID]V, account events.JID, v V, most int) {
	if _, ok := m[account]; !ok && len(m) >= most {
		for other := range m { // in an order that is random enough
			delete(m, other)
			break
		}
	}
	m[account] = v
}
