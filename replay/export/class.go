package export

import (
	"slices"

	"rollcall/events"
)

// Classes are what rows are put apart by, in the order in which files are written: what
// is kept for different times, or given to different people, is in different files.
var Classes = []string{classAccount, classSession, classPresence, classConnector, classLog}

const (
	classAccount   = "account"
	classSession   = "session"
	classPresence  = "presence"
	classConnector = "connector"
	classLog       = "log" // what the log itself tells of: unknown and damaged records
)

// classOf is the class of a kind's records.
func classOf(k events.Kind) string {
	switch k {
	case events.KindAccountCreated, events.KindPasswordChanged, events.KindAccountRemoved:
		return classAccount
	case events.KindAuthenticated, events.KindBound, events.KindStreamManagementEnabled, events.KindDetached,
		events.KindResumed, events.KindClosed, events.KindCarbonsEnabled, events.KindCarbonsDisabled, events.KindRefreshed:
		return classSession
	case events.KindRosterRequested, events.KindPresenceAvailable, events.KindPresenceUnavailable, events.KindPresenceDirected:
		return classPresence
	case events.KindConnectorStarted, events.KindConnectorStopped, events.KindConnectorLost:
		return classConnector
	}
	return classLog
}

func classIndex(class string) int { return slices.Index(Classes, class) }
