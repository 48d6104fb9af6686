package ask

import (
	"fmt"
	"strings"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// Sentence says what a record of an account is about, for people. held is the connector
// that held a session which the record ends, if that is known; shown is what they may see
// of a client's address.
func Sentence(st *events.Stored, held string, shown func(address string) string) string {
	who := nameOf(st)
	switch e := st.Event.(type) {
	case events.Authenticated:
		return "A client logged in" + on(st.Connector.Name) + from(shown(e.Address)) + with(e) + "."
	case events.Bound:
		return "The session is bound as " + who + "."
	case events.PresenceAvailable:
		return fmt.Sprintf("%s is available with priority %d%s.", who, e.Priority, before(", ", e.Show))
	case events.PresenceUnavailable:
		return who + " is no longer available, by its own word."
	case events.Detached:
		return fmt.Sprintf("%s lost its connection (%s) and waits until %s to be resumed.", who, e.Reason, clock(e.Until))
	case events.Resumed:
		return who + " was resumed" + on(st.Connector.Name) + from(shown(e.Address)) + "."
	case events.Closed:
		return who + " ended" + on(held) + ": " + wordsOf(e.Reason) + before(": ", e.Text) + byWhom(e.By) + "."
	case events.AccountCreated:
		return "The account was created" + byWhom(e.By) + "."
	case events.PasswordChanged:
		return "The password was changed" + byWhom(e.By) + "."
	case events.AccountRemoved:
		return "The account was removed" + byWhom(e.By) + "."
	case events.AccountDisabled:
		return "The account was disabled" + until(e.Until) + before(": ", e.Text) + byWhom(e.By) + "."
	case events.AccountEnabled:
		return "The account was enabled" + byWhom(e.By) + "."
	case events.RoleChanged:
		return "The account's role is " + e.Role + before(", before ", e.Was) + before("; its sessions may change to ", strings.Join(e.Further, ", ")) +
			before(": ", e.Text) + byWhom(e.By) + "."
	case events.AuthFailed:
		return "A login failed" + from(shown(e.Address)) + before(" with ", e.Mechanism) + before(": ", e.Condition) + "."
	}
	return detail(st, who)
}

// detail continues Sentence with the facts that matter less.
func detail(st *events.Stored, who string) string {
	switch e := st.Event.(type) {
	case events.RosterRequested:
		return who + " asked for the roster and hears of its changes."
	case events.PresenceDirected:
		if e.Available {
			return who + " sent " + e.To.String() + " its presence."
		}
		return who + " told " + e.To.String() + " that it is unavailable."
	case events.StreamManagementEnabled:
		if e.Resumable {
			return fmt.Sprintf("%s switched stream management on, and may be resumed for %s.", who, spanOf(e.Max))
		}
		return who + " switched stream management on."
	case events.CarbonsEnabled:
		return who + " gets copies of its account's messages from now on."
	case events.CarbonsDisabled:
		return who + " no longer gets copies of its account's messages."
	case events.RoleTaken:
		return who + " changed to the role " + e.Role + "."
	case events.Refreshed:
		return "Nothing new: the log repeats what is true of " + who + "."
	case events.Unknown:
		return "Something happened that this build does not know."
	}
	return who + ": " + strings.ReplaceAll(st.Event.Kind().String(), "_", " ") + "."
}

// nameOf is what a session is called: by its resource, once it has one.
func nameOf(st *events.Stored) string {
	if r := st.JID.Resource(); r != "" {
		return r
	}
	return "The session"
}

// with is by what a client authenticated, and what it says it is.
func with(e events.Authenticated) string {
	tls := " in the clear"
	if e.TLS != "" {
		tls = " over " + e.TLS
	}
	return before(" with ", e.Mechanism) + tls + before(", client ", e.Agent) + before(", with the role ", e.Role)
}

func on(connector string) string { return before(" on connector ", connector) }

func from(address string) string { return before(" from ", address) }

func byWhom(a events.Actor) string { return before(", by ", string(a)) }

// until is the end of a state that has one.
func until(unixNano int64) string {
	if unixNano == 0 {
		return ""
	}
	return " until " + clock(unixNano)
}

// before puts words before a text, if there is one.
func before(words, text string) string {
	if text == "" {
		return ""
	}
	return words + text
}

// spanOf is a number of seconds as people read it.
func spanOf(seconds uint32) string {
	if seconds > 0 && seconds%60 == 0 {
		return fmt.Sprintf("%d min", seconds/60)
	}
	return fmt.Sprintf("%d s", seconds)
}

// clock is an instant as sentences have it.
func clock(unixNano int64) string { return time.Unix(0, unixNano).UTC().Format(time.RFC3339) }
