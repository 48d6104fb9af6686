package stream

import (
	"errors"
	"os"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// Why a stream ends, and what its peer (RFC 6120, 4.9) and the log are told of it.

// An Ending says why a stream ends. The first one counts.
type Ending struct {
	Err    *stanza.StreamError // told to the peer; nil: just the end tag
	Reason events.Reason       // for the log
	Text   string              // for the log
	By     events.Actor        // for the log: who wanted it, if somebody did
	// Recorded: the end is in the log, or is another's to write.
	Recorded bool
}

// EndingFor says what an error of reading or of handling means for a stream.
// One that it does not know is taken for the connection's loss.
func EndingFor(err error) Ending {
	var stream *stanza.StreamError
	var handshake handshakeError
	switch {
	case errors.Is(err, stanza.ErrStreamEnd):
		return Ending{Reason: events.ReasonClient}
	case errors.As(err, &stream):
		return Ending{Err: stream, Reason: events.ReasonError, Text: stream.Error()}
	case errors.As(err, &handshake):
		return handshake.ending()
	case errors.Is(err, os.ErrDeadlineExceeded):
		return Ending{
			Err:    &stanza.StreamError{Condition: stanza.StreamConnectionTimeout},
			Reason: events.ReasonTimeout,
		}
	}
	return Ending{Reason: events.ReasonConnectionLost}
}

// SystemShutdown is how streams end when their server stops.
func SystemShutdown() Ending {
	return Ending{
		Err:    &stanza.StreamError{Condition: stanza.StreamSystemShutdown},
		Reason: events.ReasonShutdown,
	}
}
