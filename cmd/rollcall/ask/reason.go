package ask

import (
	"strings"

	"github.com/rollcall-xmpp/rollcall/events"
)

// reasons explains the ends of sessions to people, in the order in which they are listed.
var reasons = []struct {
	reason events.Reason
	words  string
}{
	{events.ReasonClient, "the client logged out"},
	{events.ReasonConnectionLost, "its connection broke"},
	{events.ReasonTimeout, "it did not answer, or did not come back in time"},
	{events.ReasonReplaced, "another client took the same full JID"},
	{events.ReasonKicked, "an administrator ended it"},
	{events.ReasonAccountDisabled, "the account was disabled"},
	{events.ReasonBanned, "connections from its address were banned"},
	{events.ReasonPasswordChanged, "the password was changed, so it must log in again"},
	{events.ReasonRoleChanged, "the account's role allows less, so it must log in again"},
	{events.ReasonAccountRemoved, "there is no longer such an account"},
	{events.ReasonOverload, "it read too slowly"},
	{events.ReasonError, "it broke the protocol"},
	{events.ReasonConnectorLost, "its connector was killed or cut off from the log"},
	{events.ReasonShutdown, "its connector was stopped, or drained"},
	{events.ReasonUnavailable, "the log could not take its events"},
	{events.ReasonResumed, "it was only the way back into a session that waited"},
}

// Reasons lists why sessions end, for people.
func Reasons() string {
	var b strings.Builder
	b.WriteString("Why sessions end:")
	for _, r := range reasons {
		b.WriteString("\n  " + string(r.reason) + strings.Repeat(" ", max(18-len(r.reason), 1)) + r.words)
	}
	return b.String()
}

// wordsOf is a reason in words; one of a newer build as it is.
func wordsOf(reason events.Reason) string {
	for _, r := range reasons {
		if r.reason == reason {
			return r.words
		}
	}
	return "for the reason " + string(reason)
}
