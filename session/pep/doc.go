// Package pep is what an account keeps with its server and shows to others: the
// nodes of personal eventing with their items (XEP-0163, XEP-0060), its private
// elements (XEP-0049) and its card (XEP-0054), in one document an account. It is
// pure: it reads no clock and does no input or output, but for Read and Change, by
// which documents are read and changed.
//
// A Store never changes. An operation returns another one that shares what is
// the same, so that a writer can offer it to a store that compares and sets. A
// nil *Store is the empty one of an account that has no document yet.
//
//	store, err := pep.Change(ctx, docs, bob, func(s *pep.Store) (*pep.Store, error) {
//		return s.Publish(pep.Key{Kind: pep.Event, Name: name}, pep.Item{...}, nil)
//	})
//
// A node says who may read it, by its configuration and by what its owner has
// said of single accounts; Admit decides. Whoever reads another account's node
// asks it, and so does whoever shows events to subscribers.
//
// The limits keep the document within events.MaxDocument: MaxBytes bounds the
// owner's part, MaxSubscriberBytes what subscribers put into it, MaxNodes,
// MaxItems, MaxAffiliates and MaxSubscribers the parts. At a limit the operation
// fails with ErrFull, ErrNodes, ErrAffiliates or ErrSubscribers and nothing
// changes; only a node that is to keep a number of items drops the oldest.
package pep
