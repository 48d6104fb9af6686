package filter

import "github.com/rollcall-xmpp/rollcall/events"

// The fields of events by which they are told apart, "" where there is none.

func resourceOf(st *events.Stored) string { return st.JID.Resource() }

func connectorOf(st *events.Stored) string { return st.Connector.Name }

// lostOf is the connector whose loss the event is, or has led to. Another one has written it.
func lostOf(st *events.Stored) string {
	switch e := st.Event.(type) {
	case events.ConnectorLost:
		return e.Lost.Name
	case events.Closed:
		return e.HeldBy
	case events.Detached:
		return e.HeldBy
	}
	return ""
}

func addressOf(st *events.Stored) string {
	switch e := st.Event.(type) {
	case events.Authenticated:
		return e.Address
	case events.Resumed:
		return e.Address
	case events.Refreshed:
		return e.Address
	case events.Connected:
		return e.Address
	case events.AuthFailed:
		return e.Address
	case events.Disconnected:
		return e.Address
	}
	return ""
}

func agentOf(st *events.Stored) string {
	e, _ := st.Event.(events.Authenticated)
	return e.Agent
}

func tlsOf(st *events.Stored) string {
	e, _ := st.Event.(events.Authenticated)
	return e.TLS
}

func mechanismOf(st *events.Stored) string {
	switch e := st.Event.(type) {
	case events.Authenticated:
		return e.Mechanism
	case events.AuthFailed:
		return e.Mechanism
	}
	return ""
}

func reasonOf(st *events.Stored) string {
	switch e := st.Event.(type) {
	case events.Closed:
		return string(e.Reason)
	case events.Detached:
		return string(e.Reason)
	case events.Disconnected:
		return string(e.Reason)
	}
	return ""
}

func wordsOf(st *events.Stored) string {
	switch e := st.Event.(type) {
	case events.Closed:
		return e.Text
	case events.AccountDisabled:
		return e.Text
	case events.NetworkBanned:
		return e.Text
	case events.RoleChanged:
		return e.Text
	case events.Disconnected:
		return e.Text
	}
	return ""
}

func actorOf(st *events.Stored) string {
	switch e := st.Event.(type) {
	case events.Closed:
		return string(e.By)
	case events.AccountCreated:
		return string(e.By)
	case events.PasswordChanged:
		return string(e.By)
	case events.AccountRemoved:
		return string(e.By)
	case events.AccountDisabled:
		return string(e.By)
	case events.AccountEnabled:
		return string(e.By)
	case events.NetworkBanned:
		return string(e.By)
	case events.NetworkUnbanned:
		return string(e.By)
	case events.RoleChanged:
		return string(e.By)
	}
	return ""
}

func roleOf(st *events.Stored) string { return events.RoleOf(st.Event) }

func showOf(st *events.Stored) string {
	e, _ := st.Event.(events.PresenceAvailable)
	return e.Show
}

func usernameOf(st *events.Stored) string {
	e, _ := st.Event.(events.AuthFailed)
	return e.Username
}

func conditionOf(st *events.Stored) string {
	e, _ := st.Event.(events.AuthFailed)
	return e.Condition
}

func priorityOf(st *events.Stored) (int64, bool) {
	switch e := st.Event.(type) {
	case events.PresenceAvailable:
		return int64(e.Priority), true
	case events.Refreshed:
		return int64(e.Priority), e.Available
	}
	return 0, false
}
