package pep

import (
	"errors"
	"slices"
	"strings"
)

// Explicit subscriptions (XEP-0060, 6.1 and 6.2). Anybody who may read a node
// may subscribe, and so write into its owner's document: the limits are such
// that nobody takes the owner's room by it, or the other subscribers' by asking
// again and again. A subscription stays when access is lost, without effect:
// whoever shows events asks Admit each time.

// The limits of subscriptions.
const (
	MaxSubscriptions   = 10       // of one account to one node
	MaxSubscribers     = 1_000    // of a node
	MaxSubscriberBytes = 64 << 10 // encoded, of all nodes' subscribers
)

// The errors of Subscribe and Unsubscribe, besides those of all operations.
var (
	ErrSubscribers   = errors.New("there are as many subscriptions as there may be") // too-many-subscriptions
	ErrNotSubscribed = errors.New("that JID is not subscribed to the node")          // not-subscribed
)

// Subscribe adds a JID, bare or full, to those who are shown a node's events. If
// it is there already the result is s. The errors are ErrNoNode, ErrSubscribers
// and ErrFull.
func (s *Store) Subscribe(k Key, jid string) (*Store, error) {
	n := s.Node(k)
	if n == nil {
		return nil, ErrNoNode
	}
	i, known := slices.BinarySearch(n.Subscribers, jid)
	if known {
		return s, nil
	}
	if len(n.Subscribers) == MaxSubscribers || len(n.Subscriptions(jid)) == MaxSubscriptions ||
		s.subscriberBytes()+len(jid)+number > MaxSubscriberBytes {
		return nil, ErrSubscribers
	}
	next := *n
	next.Subscribers = slices.Insert(slices.Clone(n.Subscribers), i, jid)
	return s.with(&next)
}

// Unsubscribe undoes Subscribe. The errors are ErrNoNode and ErrNotSubscribed.
func (s *Store) Unsubscribe(k Key, jid string) (*Store, error) {
	n := s.Node(k)
	if n == nil {
		return nil, ErrNoNode
	}
	i, known := slices.BinarySearch(n.Subscribers, jid)
	if !known {
		return nil, ErrNotSubscribed
	}
	next := *n
	next.Subscribers = slices.Delete(slices.Clone(n.Subscribers), i, i+1)
	return s.with(&next)
}

// Subscriptions are the subscribed JIDs of an account, which may be given by
// any of its JIDs.
func (n *Node) Subscriptions(jid string) (list []string) {
	account := bare(jid)
	for _, j := range n.Subscribers {
		if bare(j) == account {
			list = append(list, j)
		}
	}
	return list
}

// bare is a JID without its resource, before which no part has a slash.
func bare(jid string) string {
	account, _, _ := strings.Cut(jid, "/")
	return account
}

// subscriberBytes bounds from above what strangers have put into the encoded store.
func (s *Store) subscriberBytes() (n int) {
	for _, node := range s.nodes {
		for _, jid := range node.Subscribers {
			n += len(jid) + number
		}
	}
	return n
}
