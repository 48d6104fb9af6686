package roster

import "strings"

// Diff returns the items, by JID, whose push gives a client that has the old
// roster the new one (RFC 6121, section 2.1.6): the new item, or one with
// subscription [Remove]. Either roster may be nil. Requests aren't pushed.
func Diff(old, new *Roster) []Item {
	var pushes []Item
	a, b := old.orEmpty().items, new.orEmpty().items
	for len(a) > 0 || len(b) > 0 {
		switch order := compareHeads(a, b); {
		case order < 0:
			pushes = append(pushes, Item{JID: a[0].JID, Subscription: Remove})
			a = a[1:]
		case order > 0:
			pushes = append(pushes, *b[0])
			b = b[1:]
		default:
			// Rosters made of each other share what didn't change.
			if a[0] != b[0] && !a[0].equal(b[0]) {
				pushes = append(pushes, *b[0])
			}
			a, b = a[1:], b[1:]
		}
	}
	return pushes
}

// compareHeads orders the first items of two lists of which at least one has
// any; nothing comes after everything.
func compareHeads(a, b []*Item) int {
	switch {
	case len(a) == 0:
		return 1
	case len(b) == 0:
		return -1
	}
	return strings.Compare(a[0].JID.String(), b[0].JID.String())
}
