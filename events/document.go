package events

import "time"

// A Document is what is kept of one account beside its events: its
// credentials, its roster, a message that waits. It is changed by
// compare-and-set on its revision.
type Document struct {
	JID      JID       // the account's, bare
	Data     []byte    // at most 512 KiB; not to be changed
	Revision uint64    // grows with every change in the bucket; never 0 for what is stored
	Deleted  bool      // only where changes are watched: the account has none any more
	At       time.Time // when it was stored
}
