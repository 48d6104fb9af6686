package c2s

import (
	"errors"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
	"github.com/rollcall-xmpp/rollcall/session/stream"
)

// Why a stream ends, and what its client (RFC 6120, 4.9) and the log are told of
// it. Three sides may end one: the peer, by what it sends or by going; whoever
// wrote the session's end into the log, for another client or an
// administrator; and this server, at a limit or when it stops.

// resumable reports an end of the connection that is not one of the session: it
// was lost, not closed by either side (XEP-0198, 5).
func resumable(e stream.Ending) bool {
	return !e.Recorded && e.Reason == events.ReasonConnectionLost
}

// endingFor says what an error of reading or of handling means for the stream, and
// so for its session.
func endingFor(err error) stream.Ending {
	e := stream.EndingFor(err)
	if e.Reason != events.ReasonConnectionLost {
		return e
	}
	switch {
	case errors.Is(err, session.ErrGone), errors.Is(err, session.ErrFenced):
		return stream.Ending{
			Err:      &stanza.StreamError{Condition: stanza.StreamReset, Text: "the session has ended"},
			Reason:   events.ReasonConnectorLost,
			Recorded: true,
		}
	case isLogError(err):
		return stream.Ending{
			Err:    &stanza.StreamError{Condition: stanza.StreamInternalServerError, Text: "the session log did not take what you did; please connect again"},
			Reason: events.ReasonUnavailable,
		}
	}
	return e
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
func endingByLog(e events.Closed) stream.Ending {
	end := stream.Ending{Reason: e.Reason, Text: e.Text, Recorded: true}
	say := func(c stanza.StreamCondition, text string) stream.Ending {
		end.Err = &stanza.StreamError{Condition: c, Text: text}
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
	case events.ReasonAccountDisabled:
		return say(stanza.StreamNotAuthorized, reasoned("the account is disabled", e.Text))
	case events.ReasonRoleChanged:
		return say(stanza.StreamReset, "the account's role has changed; please connect again")
	case events.ReasonAccountRemoved:
		return say(stanza.StreamNotAuthorized, "the account was removed")
	}
	return say(stanza.StreamReset, "the session was closed: "+string(e.Reason))
}

// reasoned puts a reason behind the event, if one was given.
func reasoned(what, reason string) string {
	if reason == "" {
		return what
	}
	return what + ": " + reason
}
