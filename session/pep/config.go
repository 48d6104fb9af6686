package pep

import "slices"

// Access says who may read a node (XEP-0060, 4.5), besides its owner.
type Access uint8

const (
	Presence  Access = iota // accounts that get the owner's presence; the default
	Open                    // anybody
	Whitelist               // members
	Roster                  // accounts that get the presence and are in a group that is named
)

// A Config is how a node is kept. The zero Config is the default.
type Config struct {
	Access   Access
	Groups   []string // of the roster, sorted, for Roster; must not be changed
	MaxItems int      // 0: 1; more than the limit is the limit
	Fleeting bool     // items are shown and not kept
	Silent   bool     // a contact that becomes available is not shown the last item
}

func (c Config) maxItems() int { return min(max(c.MaxItems, 1), MaxItems) }

func (c Config) equal(o Config) bool {
	return c.Access == o.Access && slices.Equal(c.Groups, o.Groups) && c.MaxItems == o.MaxItems &&
		c.Fleeting == o.Fleeting && c.Silent == o.Silent
}
