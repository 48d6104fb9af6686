package pep

import (
	"cmp"
	"errors"
	"iter"
	"slices"

	"github.com/rollcall-xmpp/rollcall/events"
)

// The limits of a store. At each an operation fails and changes nothing; see the
// package comment.
const (
	// MaxBytes bounds the owner's part, encoded: what the subscribers leave of
	// the document.
	MaxBytes      = events.MaxDocument - MaxSubscriberBytes
	MaxNodes      = 500
	MaxItems      = 1_000 // of a node
	MaxAffiliates = 1_000 // of a node
)

// The errors of operations, each for one stanza error.
var (
	ErrNoNode     = errors.New("no such node")                              // item-not-found
	ErrNoItem     = errors.New("no such item")                              // item-not-found
	ErrFull       = errors.New("the account stores as much as it may")      // resource-constraint
	ErrNodes      = errors.New("the account has as many nodes as it may")   // resource-constraint
	ErrAffiliates = errors.New("the node has as many affiliates as it may") // resource-constraint
	ErrConfig     = errors.New("the node is configured in another way")     // conflict
)

// A Kind keeps apart what is named by different rules.
type Kind uint8

const (
	Event   Kind = iota // a node of XEP-0163, by its name
	Private             // an element of XEP-0049, by namespace and name
	Card                // the one of XEP-0054
)

// A Key names a node.
type Key struct {
	Kind Kind
	Name string
}

func (k Key) compare(o Key) int {
	return cmp.Or(cmp.Compare(k.Kind, o.Kind), cmp.Compare(k.Name, o.Name))
}

// An Item is one element under an id.
type Item struct {
	ID  string
	XML []byte // complete, standing alone; must not be changed
}

// A Node is a list of items. It is immutable.
type Node struct {
	Key
	Config
	Affiliates  []Affiliate // by JID
	Subscribers []string    // JIDs, bare or full, sorted
	Items       []Item      // oldest first
}

// holding is the node with other items.
func (n *Node) holding(items []Item) *Node {
	next := *n
	next.Items = items
	return &next
}

// Find returns the item with that id.
func (n *Node) Find(id string) (Item, bool) {
	if i := n.index(id); i >= 0 {
		return n.Items[i], true
	}
	return Item{}, false
}

func (n *Node) index(id string) int {
	return slices.IndexFunc(n.Items, func(it Item) bool { return it.ID == id })
}

// A Store is all nodes of an account at one revision. It is immutable.
type Store struct {
	revision uint64
	nodes    []*Node // by key
}

// Revision is that of the document, 0 if there is none. An operation leaves it.
func (s *Store) Revision() uint64 {
	if s == nil {
		return 0
	}
	return s.revision
}

// Node returns a node, or nil.
func (s *Store) Node(k Key) *Node {
	if i, ok := s.search(k); ok {
		return s.nodes[i]
	}
	return nil
}

// Nodes are those of a kind, by name.
func (s *Store) Nodes(kind Kind) iter.Seq[*Node] {
	return func(yield func(*Node) bool) {
		if s == nil {
			return
		}
		for _, n := range s.nodes {
			if n.Kind == kind && !yield(n) {
				return
			}
		}
	}
}

// search finds the place of a key, where it is or would be.
func (s *Store) search(k Key) (int, bool) {
	if s == nil {
		return 0, false
	}
	return slices.BinarySearchFunc(s.nodes, k, func(n *Node, k Key) int { return n.Key.compare(k) })
}

// Publish puts an item into a node, in place of one with the same id, as the
// newest. A node that isn't there is made, with what options make of the
// default; one that is there must have a configuration that they don't change
// (XEP-0060, 7.1.5). options may be nil. The errors are ErrFull, ErrNodes and
// ErrConfig.
func (s *Store) Publish(k Key, it Item, options func(Config) Config) (*Store, error) {
	if options == nil {
		options = func(c Config) Config { return c }
	}
	n := s.Node(k)
	if n == nil {
		n = &Node{Key: k, Config: options(Config{})}
	} else if !options(n.Config).equal(n.Config) {
		return nil, ErrConfig
	}
	if n.Fleeting {
		return s.with(n.holding(nil))
	}
	items := slices.Clone(n.Items)
	if i := n.index(it.ID); i >= 0 {
		items = slices.Delete(items, i, i+1)
	}
	return s.with(n.holding(newest(append(items, it), n.maxItems())))
}

func newest(items []Item, n int) []Item { return items[max(len(items)-n, 0):] }

// Retract takes an item out. The errors are ErrNoNode and ErrNoItem.
func (s *Store) Retract(k Key, id string) (*Store, error) {
	n := s.Node(k)
	if n == nil {
		return nil, ErrNoNode
	}
	i := n.index(id)
	if i < 0 {
		return nil, ErrNoItem
	}
	return s.with(n.holding(slices.Delete(slices.Clone(n.Items), i, i+1)))
}

// Configure makes a node or changes how it is kept; items beyond the new number
// are dropped. The errors are ErrFull and ErrNodes.
func (s *Store) Configure(k Key, c Config) (*Store, error) {
	next := &Node{Key: k}
	if n := s.Node(k); n != nil {
		next = n.holding(newest(n.Items, c.maxItems()))
	}
	if next.Config = c; c.Fleeting {
		next.Items = nil
	}
	return s.with(next)
}

// Purge takes all items out of a node. The error is ErrNoNode.
func (s *Store) Purge(k Key) (*Store, error) {
	n := s.Node(k)
	if n == nil {
		return nil, ErrNoNode
	}
	return s.with(n.holding(nil))
}

// Delete removes a node. The error is ErrNoNode.
func (s *Store) Delete(k Key) (*Store, error) {
	i, ok := s.search(k)
	if !ok {
		return nil, ErrNoNode
	}
	return &Store{revision: s.revision, nodes: slices.Delete(slices.Clone(s.nodes), i, i+1)}, nil
}

// with is the store with one node more, or another one of its key.
func (s *Store) with(n *Node) (*Store, error) {
	next := &Store{revision: s.Revision()}
	i, replaces := s.search(n.Key)
	if s != nil {
		next.nodes = slices.Clone(s.nodes)
	}
	if replaces {
		next.nodes[i] = n
	} else {
		next.nodes = slices.Insert(next.nodes, i, n)
	}
	switch {
	case len(next.nodes) > MaxNodes:
		return nil, ErrNodes
	case len(n.Affiliates) > MaxAffiliates:
		return nil, ErrAffiliates
	}
	if size := next.owned(); size > MaxBytes && size > s.owned() {
		return nil, ErrFull
	}
	return next, nil
}
