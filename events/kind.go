package events

import "strconv"

// Kind numbers the events. Numbers are never used again.
type Kind uint8

// The kinds, by the names of their events. Room is left between the groups.
const (
	KindAuthenticated           Kind = 1
	KindBound                   Kind = 2
	KindRosterRequested         Kind = 3
	KindPresenceAvailable       Kind = 4
	KindPresenceUnavailable     Kind = 5
	KindStreamManagementEnabled Kind = 6
	KindDetached                Kind = 7
	KindResumed                 Kind = 8
	KindClosed                  Kind = 9
	KindPresenceDirected        Kind = 10
	KindCarbonsEnabled          Kind = 11
	KindCarbonsDisabled         Kind = 12
	KindRefreshed               Kind = 13
	KindRoleTaken               Kind = 14

	KindAccountCreated  Kind = 32
	KindPasswordChanged Kind = 33
	KindAccountRemoved  Kind = 34
	KindAccountDisabled Kind = 36
	KindAccountEnabled  Kind = 37
	KindRoleChanged     Kind = 35

	KindConnectorStarted Kind = 48
	KindConnectorStopped Kind = 49
	KindConnectorLost    Kind = 50

	KindNetworkBanned   Kind = 56
	KindNetworkUnbanned Kind = 57

	KindConnected    Kind = 64
	KindStreamOpened Kind = 65
	KindSecured      Kind = 66
	KindAuthFailed   Kind = 67
	KindDisconnected Kind = 68
)

// beforeAccount reports a kind of connections that have no account yet.
func (k Kind) beforeAccount() bool { return KindConnected <= k && k < 96 }

// kindNames are what people and scripts see; frozen like the numbers.
var kindNames = [256]string{
	KindAuthenticated:           "authenticated",
	KindBound:                   "bound",
	KindRosterRequested:         "roster_requested",
	KindPresenceAvailable:       "presence_available",
	KindPresenceUnavailable:     "presence_unavailable",
	KindStreamManagementEnabled: "stream_management_enabled",
	KindDetached:                "detached",
	KindResumed:                 "resumed",
	KindClosed:                  "closed",
	KindPresenceDirected:        "presence_directed",
	KindCarbonsEnabled:          "carbons_enabled",
	KindCarbonsDisabled:         "carbons_disabled",
	KindRefreshed:               "refreshed",
	KindRoleTaken:               "role_taken",
	KindAccountCreated:          "account_created",
	KindPasswordChanged:         "password_changed",
	KindAccountRemoved:          "account_removed",
	KindAccountDisabled:         "account_disabled",
	KindAccountEnabled:          "account_enabled",
	KindRoleChanged:             "role_changed",
	KindConnectorStarted:        "connector_started",
	KindConnectorStopped:        "connector_stopped",
	KindConnectorLost:           "connector_lost",
	KindNetworkBanned:           "network_banned",
	KindNetworkUnbanned:         "network_unbanned",
	KindConnected:               "connected",
	KindStreamOpened:            "stream_opened",
	KindSecured:                 "secured",
	KindAuthFailed:              "auth_failed",
	KindDisconnected:            "disconnected",
}

// String returns the kind's name in snake_case, or unknown_N.
func (k Kind) String() string {
	if n := kindNames[k]; n != "" {
		return n
	}
	return "unknown_" + strconv.Itoa(int(k))
}

// Kind implements Event, here and below.
func (Authenticated) Kind() Kind           { return KindAuthenticated }
func (Bound) Kind() Kind                   { return KindBound }
func (RosterRequested) Kind() Kind         { return KindRosterRequested }
func (PresenceAvailable) Kind() Kind       { return KindPresenceAvailable }
func (PresenceUnavailable) Kind() Kind     { return KindPresenceUnavailable }
func (PresenceDirected) Kind() Kind        { return KindPresenceDirected }
func (StreamManagementEnabled) Kind() Kind { return KindStreamManagementEnabled }
func (Detached) Kind() Kind                { return KindDetached }
func (Resumed) Kind() Kind                 { return KindResumed }
func (Closed) Kind() Kind                  { return KindClosed }
func (CarbonsEnabled) Kind() Kind          { return KindCarbonsEnabled }
func (CarbonsDisabled) Kind() Kind         { return KindCarbonsDisabled }
func (Refreshed) Kind() Kind               { return KindRefreshed }
func (RoleTaken) Kind() Kind               { return KindRoleTaken }
func (AccountCreated) Kind() Kind          { return KindAccountCreated }
func (PasswordChanged) Kind() Kind         { return KindPasswordChanged }
func (AccountRemoved) Kind() Kind          { return KindAccountRemoved }
func (AccountDisabled) Kind() Kind         { return KindAccountDisabled }
func (AccountEnabled) Kind() Kind          { return KindAccountEnabled }
func (RoleChanged) Kind() Kind             { return KindRoleChanged }
func (ConnectorStarted) Kind() Kind        { return KindConnectorStarted }
func (ConnectorStopped) Kind() Kind        { return KindConnectorStopped }
func (ConnectorLost) Kind() Kind           { return KindConnectorLost }
func (NetworkBanned) Kind() Kind           { return KindNetworkBanned }
func (NetworkUnbanned) Kind() Kind         { return KindNetworkUnbanned }
func (Connected) Kind() Kind               { return KindConnected }
func (StreamOpened) Kind() Kind            { return KindStreamOpened }
func (Secured) Kind() Kind                 { return KindSecured }
func (AuthFailed) Kind() Kind              { return KindAuthFailed }
func (Disconnected) Kind() Kind            { return KindDisconnected }
func (u Unknown) Kind() Kind               { return u.Code }
