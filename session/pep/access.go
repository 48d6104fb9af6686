package pep

import (
	"errors"
	"slices"
	"strings"
)

// Who may read a node: its configuration decides, unless the owner has said
// something about somebody in particular (XEP-0060, 4.1 and 4.5).

// The refusals of Admit.
var (
	ErrOutcast  = errors.New("the owner lets this account read nothing of the node") // forbidden
	ErrClosed   = errors.New("the node is for members only")                         // closed-node
	ErrPresence = errors.New("the node is for those who get the account's presence") // presence-subscription-required
	ErrGroup    = errors.New("the node is for some groups of the roster")            // not-in-roster-group
)

// An Affiliation is what the owner has said of somebody.
type Affiliation uint8

const (
	None    Affiliation = iota // nothing: the configuration decides
	Member                     // may read
	Outcast                    // may not
)

// An Affiliate is an account with its affiliation.
type Affiliate struct {
	JID string // bare
	Affiliation
}

// A Reader is an account that wants to read, as the owner's roster knows it.
type Reader struct {
	JID      string // bare
	Presence bool   // it gets the owner's presence
	Groups   []string
}

// Affiliation is what the owner has said of an account.
func (n *Node) Affiliation(jid string) Affiliation {
	if i, ok := affiliate(n.Affiliates, jid); ok {
		return n.Affiliates[i].Affiliation
	}
	return None
}

// Admit says why somebody who is not the owner may not read the node; nil: it
// may.
func (n *Node) Admit(r Reader) error {
	switch n.Affiliation(r.JID) {
	case Outcast:
		return ErrOutcast
	case Member:
		return nil
	}
	switch {
	case n.Access == Open:
		return nil
	case n.Access != Presence && n.Access != Roster:
		return ErrClosed
	case !r.Presence:
		return ErrPresence
	case n.Access == Roster && !slices.ContainsFunc(r.Groups, n.allows):
		return ErrGroup
	}
	return nil
}

func (n *Node) allows(group string) bool {
	_, ok := slices.BinarySearch(n.Groups, group)
	return ok
}

// Affiliate changes what the owner says of some accounts. The errors are
// ErrNoNode, ErrAffiliates and ErrFull.
func (s *Store) Affiliate(k Key, changes []Affiliate) (*Store, error) {
	n := s.Node(k)
	if n == nil {
		return nil, ErrNoNode
	}
	list := slices.Clone(n.Affiliates)
	for _, c := range changes {
		i, known := affiliate(list, c.JID)
		switch {
		case known && c.Affiliation == None:
			list = slices.Delete(list, i, i+1)
		case known:
			list[i] = c
		case c.Affiliation != None:
			list = slices.Insert(list, i, c)
		}
	}
	next := *n
	next.Affiliates = list
	return s.with(&next)
}

func affiliate(list []Affiliate, jid string) (int, bool) {
	return slices.BinarySearchFunc(list, jid, func(a Affiliate, jid string) int { return strings.Compare(a.JID, jid) })
}
