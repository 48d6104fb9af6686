package replay

import (
	"fmt"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// A Span is a stretch of the past, of everybody or of one. The zero Span is all
// that the log has.
type Span struct {
	Of    events.JID // an account; with a resource, only its sessions; zero: all accounts
	Since time.Time  // what was stored at or after it; zero: no limit
	Until time.Time  // what was stored before it; zero: no limit
}

// String gives the span for people, in words that continue a sentence.
func (s Span) String() string {
	words := ""
	if !s.Of.IsZero() {
		words = " of " + s.Of.String()
	}
	if !s.Since.IsZero() {
		words += " since " + s.Since.Format(time.DateTime)
	}
	if !s.Until.IsZero() {
		words += " until " + s.Until.Format(time.DateTime)
	}
	return words
}

// means reports a session's JID that the span is of.
func (s Span) means(jid events.JID) bool {
	return s.Of.IsZero() || s.Of == jid || s.Of.IsBare() && s.Of == jid.Bare()
}

// reading wraps what ended the reading of the log for a span.
func (s Span) reading(err error) error { return fmt.Errorf("read the log%s: %w", s, err) }
