package events

// An Event is something that happened, in the past tense. Its concrete types
// are those of this file; their fields are the event's own, those that all have
// in common are in [Record].
type Event interface {
	// Kind is the event's frozen number.
	Kind() Kind
	// version is the newest version of the kind's fields.
	version() uint8
	// appendFields appends the fields as a msgpack array.
	appendFields(b []byte) []byte
}

// A Reason says why a session or a connection ended.
type Reason string

// The reasons of [Closed] and [Disconnected].
const (
	ReasonClient          Reason = "client"           // the client closed its stream
	ReasonError           Reason = "error"            // the client broke the protocol
	ReasonConnectionLost  Reason = "connection_lost"  // TCP ended without a stream end
	ReasonTimeout         Reason = "timeout"          // login, ping or resumption took too long
	ReasonResumed         Reason = "resumed"          // its connection went to the session that it resumed
	ReasonReplaced        Reason = "replaced"         // another session bound the same full JID
	ReasonKicked          Reason = "kicked"           // an administrator ended it
	ReasonConnectorLost   Reason = "connector_lost"   // the connector's lease ended
	ReasonShutdown        Reason = "shutdown"         // the connector was stopped in an orderly way
	ReasonPasswordChanged Reason = "password_changed" // the account's credentials changed
	ReasonAccountRemoved  Reason = "account_removed"  // the account is gone
	ReasonOverload        Reason = "overload"         // the client read too slowly
	ReasonUnavailable     Reason = "unavailable"      // the log could not take the session's events
	ReasonAccountDisabled Reason = "account_disabled" // nobody may log in to the account for now
	ReasonBanned          Reason = "banned"           // nobody may connect from its address for now
	ReasonRoleChanged     Reason = "role_changed"     // the account lost what the session might do
)

// Reasons lists all reasons, in the order above.
func Reasons() []Reason {
	return []Reason{
		ReasonClient, ReasonError, ReasonConnectionLost, ReasonTimeout, ReasonResumed, ReasonReplaced, ReasonKicked,
		ReasonConnectorLost, ReasonShutdown, ReasonPasswordChanged, ReasonAccountRemoved, ReasonOverload, ReasonUnavailable,
		ReasonAccountDisabled, ReasonBanned,
		ReasonRoleChanged,
	}
}

// Events of an account's sessions.
type (
	// Authenticated starts a session. The record's cause is the connection.
	Authenticated struct {
		Mechanism string // SASL mechanism
		TLS       string // protocol version, "" in the clear
		Address   string // the client's IP address and port
		Agent     string // software, device and id, as a client says of itself (XEP-0388), or ""
		Role      string // the account's primary one; "" in records from before there were roles
	}
	// Bound makes the session a connected resource: the record's JID is full
	// from here on (RFC 6120, 7).
	Bound struct {
		Requested string // the resource asked for, "" if the server chose it
		Role      string // the session's, as in Authenticated
	}
	// RosterRequested makes the session an interested resource (RFC 6121, 2.2).
	RosterRequested struct{}
	// PresenceAvailable is a broadcast presence without type; the session is
	// an available resource (RFC 6121, 4.2 and 4.4).
	PresenceAvailable struct {
		Priority int8
		Show     string // away, chat, dnd, xa or ""
		Stanza   string // the presence element without from and to; starts with "<presence"
	}
	// PresenceUnavailable is the client's own unavailable presence. Where a
	// session ends without it, Closed implies it.
	PresenceUnavailable struct {
		Stanza string // as in PresenceAvailable
	}
	// PresenceDirected is available or unavailable presence sent to one JID,
	// which must learn of the session's end (RFC 6121, 4.6).
	PresenceDirected struct {
		To        JID
		Available bool
	}
	// StreamManagementEnabled is XEP-0198's enabled.
	StreamManagementEnabled struct {
		Resumable bool
		Max       uint32 // seconds a lost session waits to be resumed
		TokenHash string // SHA-256 of the resumption token, which is not in the log
	}
	// Detached: the connection is gone, the session waits to be resumed.
	Detached struct {
		Reason Reason
		Until  int64  // Unix nanoseconds; the session is closed after it
		HeldBy string // as Closed's
	}
	// Resumed: a connection took the session over, maybe at another connector,
	// which the record names.
	Resumed struct {
		Address string
	}
	// CarbonsEnabled and CarbonsDisabled are XEP-0280's switches.
	CarbonsEnabled struct{}
	// CarbonsDisabled: see CarbonsEnabled.
	CarbonsDisabled struct{}
	// Refreshed repeats all that is true of a session that goes on, before the
	// log forgets the records that said it first: soft state, as in RFC 2205,
	// 2.3. It says nothing new to a reader that knows the session, and all of it
	// to one that does not. The record's JID and connector are the session's.
	Refreshed struct {
		Conn       ConnID // as Authenticated's cause, or Resumed's
		Since      int64  // when Authenticated was stored, Unix nanoseconds
		Interested bool
		Carbons    bool
		Available  bool
		Priority   int8
		Presence   string // PresenceAvailable's stanza
		PresenceAt int64  // when that was stored, Unix nanoseconds
		Managed    bool   // stream management is on; the next three are its own
		Resumable  bool
		Max        uint32
		TokenHash  string
		Detached   bool
		Until      int64  // as Detached's, while the session is detached
		Directed   []JID  // those that PresenceDirected made available, in that order
		Address    string // as Authenticated's, or Resumed's
		Role       string // as Authenticated's, or what it has become
	}
	// RoleTaken: the session has changed to another role of its account, by its client's
	// own wish.
	RoleTaken struct{ Role string }
	// Closed ends a session for ever.
	Closed struct {
		Reason Reason
		Text   string // for people; may be empty
		By     Actor  // who wanted it, where somebody did: an administrator, or the account's owner
		HeldBy string // name of the connector that was lost with the session; "" if none was
	}
)

// Events of an account itself. Their records have no session.
type (
	// AccountCreated: from now on somebody can log in.
	AccountCreated struct{ By Actor }
	// PasswordChanged ends the account's sessions, each by an event of its own.
	PasswordChanged struct{ By Actor }
	// AccountRemoved ends the account's sessions, each by an event of its own.
	AccountRemoved struct{ By Actor }
	// RoleChanged: the account has other roles. Sessions that have Was, or a role that
	// nobody recorded, have Role from here on; sessions that may no longer do what they
	// might are ended before, each by an event of its own.
	RoleChanged struct {
		Role    string   // the primary one
		Further []string // that a session may take beside
		Was     string   // Role before
		By      Actor
		Text    string // why, for people; may be empty
	}
	// AccountDisabled: nobody can log in to it, while all that is kept of it stays. Sessions
	// that end with it do so by events of their own.
	AccountDisabled struct {
		Until int64  // Unix nanoseconds, from when on it may log in again; 0: until it is enabled
		Text  string // for people; may be empty
		By    Actor
	}
	// AccountEnabled: it may log in again.
	AccountEnabled struct{ By Actor }
)

// Events of networks. Their records have no session and, in the place of an account,
// [Networks].
type (
	// NetworkBanned: nobody can connect from it. Sessions there end by events of their own.
	NetworkBanned struct {
		Network string // in the notation of CIDR
		Until   int64  // Unix nanoseconds; 0: until it is unbanned
		Text    string // for people; may be empty
		By      Actor
	}
	// NetworkUnbanned: the ban of just this network has no effect any longer.
	NetworkUnbanned struct {
		Network string
		By      Actor
	}
)

// Events of connectors: when each incarnation began and ended, as a lease says it
// at the time, in one order with the events of sessions. Their records have no
// session and, in the place of an account, [Connectors]. A log that was written
// before there were such events, or by connectors of both kinds, says less.
type (
	// ConnectorStarted: the record's connector holds a lease. So every earlier
	// incarnation of its name has ended, said or not.
	ConnectorStarted struct{}
	// ConnectorStopped: the record's connector has ended its sessions in an orderly
	// way and gives its lease back.
	ConnectorStopped struct{}
	// ConnectorLost: the lease of an incarnation, and of all before it of its name,
	// has ended. The record's connector is the one that found out.
	ConnectorLost struct{ Lost Incarnation }
)

// Events of a connection that has no account yet. They live in a stream of
// their own, are written without waiting, and may be thinned out under load.
type (
	// Connected: a client's connection was accepted.
	Connected struct{ Address string }
	// StreamOpened: the client's first stream header was accepted.
	StreamOpened struct{ Host string }
	// Secured: TLS is established.
	Secured struct{ Version, Cipher string }
	// AuthFailed: a SASL exchange failed with an error of RFC 6120, 6.5.
	AuthFailed struct {
		Username  string // prepared; "" if it was not learnt
		Mechanism string // SASL mechanism
		Condition string // the error's, as the client was told
		Address   string // as in Authenticated
	}
	// Disconnected: the connection ended before it had a session.
	Disconnected struct {
		Reason  Reason
		Text    string // for people; "" if there is nothing to add
		Address string
	}
)

// Unknown is an event of a kind that this build does not know. It is kept,
// counted and otherwise skipped.
type Unknown struct {
	Code    Kind
	Version uint8
	Fields  []byte // the msgpack array
}

// RoleOf is the role that an event names, "" if none: its session, or of RoleChanged its
// account, has it from there on.
func RoleOf(e Event) string {
	switch e := e.(type) {
	case Authenticated:
		return e.Role
	case Bound:
		return e.Role
	case Refreshed:
		return e.Role
	case RoleTaken:
		return e.Role
	case RoleChanged:
		return e.Role
	}
	return ""
}
