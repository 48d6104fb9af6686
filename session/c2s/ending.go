package c2s

import (
	"errors"
	"os"

	"rollcall/events"
	"rollcall/session"
	"rollcall/session/stanza"
)

// Why a stream ends, and what its client (RFC 6120, 4.9) and the log are told of
// it. Three sides may end one: the peer, by what it sends or by going; somebody
// who wrote the session's end into the log, for another client or an
// administrator; and this server, at a limit or when it stops.

// An ending says why a connection ends. The first one counts.
type ending struct {
	err    *stanza.StreamError // sent to the client; nil: just the end tag
	reason events.Reason       // for the log
	text   string              // for the log
	logged bool                // the session's end is in the log, or is another's to write
}

// resumable reports an end of the connection that is not one of the session: it
// was lost, not closed by either side (XEP-0198, 5).
func (e ending) resumable() bool {
	return !e.logged && e.reason == events.ReasonConnectionLost
}

// endingFor says what an error of reading or of handling means for the stream.
func endingFor(err error) ending {
	var stream *stanza.StreamError
	switch {
	case errors.Is(err, stanza.ErrStreamEnd):
		return ending{reason: events.ReasonClient}
	case errors.As(err, &stream):
		return ending{err: stream, reason: events.ReasonError, text: stream.Error()}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return ending{
			err:    &stanza.StreamError{Condition: stanza.StreamConnectionTimeout},
			reason: events.ReasonTimeout,
		}
	case errors.Is(err, session.ErrGone), errors.Is(err, session.ErrFenced):
		return ending{
			err:    &stanza.StreamError{Condition: stanza.StreamReset, Text: "the session has ended"},
			reason: events.ReasonConnectorLost,
			logged: true,
		}
	case isLogError(err):
		return ending{
			err:    &stanza.StreamError{Condition: stanza.StreamInternalServerError, Text: "the session log did not take what you did; please connect again"},
			reason: events.ReasonUnavailable,
		}
	}
	return ending{reason: events.ReasonConnectionLost}
}

// isLogError reports an error of a command that is neither a refusal nor about
// the connection.
func isLogError(err error) bool {
	for _, e := range []error{events.ErrUnresolved, events.ErrUnavailable, events.ErrFull, events.ErrTooLarge, session.ErrContended} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// endingByLog is what the client is told of an end that it has not caused.
func endingByLog(e events.Closed) ending {
	end := ending{reason: e.Reason, text: e.Text, logged: true}
	say := func(c stanza.StreamCondition, text string) ending {
		end.err = &stanza.StreamError{Condition: c, Text: text}
		return end
	}
	switch e.Reason {
	case events.ReasonReplaced:
		return say(stanza.StreamConflict, "another client has bound this resource")
	case events.ReasonKicked:
		text := "ended by an administrator"
		if e.Text != "" {
			text = e.Text
		}
		return say(stanza.StreamPolicyViolation, text)
	case events.ReasonPasswordChanged:
		return say(stanza.StreamNotAuthorized, "the password was changed")
	case events.ReasonAccountRemoved:
		return say(stanza.StreamNotAuthorized, "the account was removed")
	}
	return say(stanza.StreamReset, "the session was closed: "+string(e.Reason))
}
