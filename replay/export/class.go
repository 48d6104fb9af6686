package export

import (
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay/public"
)

// Classes are those of public.Classes, in the order in which files are written. Rows are
// put apart by them: what is kept for different times, or given to different people, is in
// different files.
var Classes = []string{classAccount, classSession, classPresence, classConnector, classNetwork, classConnection, classLog}

const (
	classAccount    = string(public.Account)
	classSession    = string(public.Session)
	classPresence   = string(public.Presence)
	classConnector  = string(public.Connector)
	classNetwork    = string(public.Network)
	classConnection = string(public.Connection)
	classLog        = string(public.Log)
)

// classOf is the class of a kind's records.
func classOf(k events.Kind) string { return string(public.TypeOf(k).Class) }
