package c2s

import (
	"errors"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/pubsub"
	"github.com/rollcall-xmpp/rollcall/session/roster"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// stanzaError is where errors that know no XML become an answer to the stanza
// that caused them (RFC 6120, 8.3). nil: the error is about the stream, which
// ends by endingFor.
func stanzaError(err error) *stanza.Error {
	if err == nil {
		return nil
	}
	var e *stanza.Error
	if errors.As(err, &e) {
		return e
	}
	for _, m := range stanzaErrors {
		if errors.Is(err, m.err) {
			return &m.answer
		}
	}
	if refused := pubsub.Refusal(err); refused != nil {
		return refused
	}
	if endsStream(err) {
		return nil
	}
	return &stanza.Error{Condition: stanza.InternalServerError, Type: stanza.Wait}
}

// endsStream reports an error after which the client can't be told what is so,
// or is not to be told anything.
func endsStream(err error) bool {
	var stream *stanza.StreamError
	if errors.As(err, &stream) {
		return true
	}
	for _, e := range []error{
		stanza.ErrStreamEnd, session.ErrGone, session.ErrNotBound, session.ErrFenced, session.ErrContended, events.ErrUnresolved,
	} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// stanzaErrors are the refusals after which both sides know what is so.
// events.ErrUnresolved is none of them.
var stanzaErrors = []struct {
	err    error
	answer stanza.Error
}{
	{events.ErrInvalidJID, stanza.Error{Condition: stanza.JIDMalformed}},
	{roster.ErrBadRequest, stanza.Error{Condition: stanza.BadRequest}},
	{roster.ErrNotAcceptable, stanza.Error{Condition: stanza.NotAcceptable}},
	{roster.ErrNoItem, stanza.Error{Condition: stanza.ItemNotFound}},
	{roster.ErrFull, stanza.Error{Condition: stanza.ResourceConstraint, Text: "the roster is full"}},
	{session.ErrConflict, stanza.Error{Condition: stanza.Conflict}},
	{session.ErrAlreadyBound, stanza.Error{Condition: stanza.NotAllowed}},
	{session.ErrTooManySessions, stanza.Error{Condition: stanza.ResourceConstraint}},
	{session.ErrTooManyDirected, stanza.Error{Condition: stanza.ResourceConstraint}},
	{events.ErrUnavailable, stanza.Error{Condition: stanza.InternalServerError, Type: stanza.Wait, Text: "the log can't be reached; nothing was changed"}},
	{events.ErrFull, stanza.Error{Condition: stanza.ResourceConstraint, Text: "the log is full"}},
	{events.ErrTooLarge, stanza.Error{Condition: stanza.PolicyViolation}},
}

func refuse(c stanza.Condition) error { return &stanza.Error{Condition: c} }
