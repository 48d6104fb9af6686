package public

import (
	"strconv"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// A Source is one stream of records, from its creation on. Sequences and ids are those of
// one source: a stream that was made anew is another.
type Source struct {
	Stream  string
	Created time.Time
}

// SourceOf is the stream that a log describes.
func SourceOf(i events.Info) Source { return Source{Stream: i.Stream, Created: i.Created} }

// String is the source as CloudEvents name it. It follows from the stream alone, so that
// whoever reads it, wherever, says the same.
func (s Source) String() string {
	return "urn:rollcall:log:" + s.Stream + ":" + strconv.FormatInt(s.Created.UnixNano(), 10)
}
