package events

import "time"

// MaxDocument is the greatest size of a document's data in bytes. What keeps
// documents derives its own limits from it. A store may add an account's JID and
// headers, which have less than 4 KiB; NATS takes messages of 1 MiB by default
// and gives one that is asked for in base64.
const MaxDocument = 512 << 10

// A Document is what is kept of one account beside its events: its
// credentials, its roster, a message that waits. It is changed by
// compare-and-set on its revision.
type Document struct {
	JID      JID       // the account's, bare
	Data     []byte    // at most MaxDocument bytes; not to be changed
	Revision uint64    // grows with every change in the bucket; never 0 for what is stored
	Deleted  bool      // only where changes are watched: the account has none any more
	At       time.Time // when it was stored
}
