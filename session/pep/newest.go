package pep

import "bytes"

// Newest is the part of a store that is shown to a contact that becomes available
// (XEP-0163, 4.3.4): the nodes that show something then, each with its newest
// item. A node whose newest item has more than most bytes is without items, and
// all are without subscribers. The result keeps nothing of the document that the
// store refers to.
func (s *Store) Newest(most int) *Store {
	next := &Store{revision: s.Revision()}
	for n := range s.Nodes(Event) {
		if n.Silent || len(n.Items) == 0 {
			continue
		}
		n = n.holding(newest(n.Items, 1))
		n.Subscribers = nil
		if it := n.Items[0]; len(it.XML) > most {
			n.Items = nil
		} else {
			n.Items = []Item{{ID: it.ID, XML: bytes.Clone(it.XML)}}
		}
		next.nodes = append(next.nodes, n)
	}
	return next
}

// Size is about how much memory the store holds, in bytes.
func (s *Store) Size() int {
	if s == nil {
		return 0
	}
	const node = 160 // and what it is kept in
	return s.size() + node*len(s.nodes)
}
