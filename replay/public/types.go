package public

import (
	"iter"

	"github.com/rollcall-xmpp/rollcall/events"
)

// A Class is what permissions, retention and filters tell types apart by.
type Class string

// The classes.
const (
	Session    Class = "session"    // the life of a session
	Presence   Class = "presence"   // what others may see of it
	Account    Class = "account"    // an account's own
	Connector  Class = "connector"  // processes that hold sessions
	Network    Class = "network"    // networks that clients may not connect from
	Connection Class = "connection" // before there is an account; of a stream and numbers of their own
	Log        Class = "log"        // the log's own
)

// Classes are all of them.
func Classes() []Class {
	return []Class{Session, Presence, Account, Connector, Network, Connection, Log}
}

// A Form is what the value of a field looks like.
type Form uint8

// The forms.
const (
	Text     Form = iota
	ID            // 26 characters of a ULID, or of a pseudonym
	JID           // as text
	Address       // an IP address with its port; or a network, or absent, as Options say
	Reason        // one of events.Reason; there may be new ones
	Time          // RFC 3339 in UTC with six digits of a second's fraction
	Integer       // not negative
	Signed        // an integer
	Boolean       //
	TextList      // an array
)

// A Field is one member of data.
type Field struct {
	Name   string
	Form   Form
	Always bool // otherwise it is absent where it says nothing
	Whole  bool // only there if Options.Whole
	Means  string
}

// A Type is what one kind of event is published as.
type Type struct {
	Event  string      // the second part of its name; the kind's, if it has one
	Kind   events.Kind // 0: it has none
	Class  Class
	Means  string
	Common []Field // those that it shares with others, first
	Fields []Field // its own
}

// Version is that of all types so far.
const Version = 1

// Name is what CloudEvents call the type.
func (t *Type) Name() string { return "rollcall." + t.Schema() + ".v1" }

// Schema is the name without frame: class.event.
func (t *Type) Schema() string { return string(t.Class) + "." + t.Event }

// AllFields are those of data in the order in which they are written.
func (t *Type) AllFields() iter.Seq[Field] {
	return func(yield func(Field) bool) {
		for _, list := range [][]Field{t.Common, t.Fields, t.last()} {
			for _, f := range list {
				if !yield(f) {
					return
				}
			}
		}
	}
}

func (t *Type) last() []Field {
	if t.Class == Session || t.Class == Presence {
		return sessionFields
	}
	return nil
}

// Types are all that there are, in the order of their kinds; those of the log are the
// last.
func Types() []Type { return types }

// TypeOf is the type of a kind; log.unknown of one that this build does not know.
func TypeOf(k events.Kind) *Type { return byKind[k] }

// Named finds a type by its whole name, or by that of its event.
func Named(name string) (*Type, bool) {
	for i := range types {
		if t := &types[i]; t.Event == name || t.Name() == name {
			return t, true
		}
	}
	return nil, false
}

// byKind is looked into for every record.
var byKind = func() (table [256]*Type) {
	unknown := &types[len(types)-3]
	for i := range table {
		table[i] = unknown
	}
	for i := range types {
		if types[i].Kind != 0 {
			table[types[i].Kind] = &types[i]
		}
	}
	return table
}()

// Fields that types share.
var (
	writer = []Field{
		{Name: "connector", Form: Text, Means: "name of the connector that wrote the record"},
		{Name: "epoch", Form: Integer, Always: true, Means: "number of that connector's incarnation; grows with each start"},
	}
	place      = Field{Name: "prev", Form: Integer, Always: true, Means: "sequence of the account's record before, 0 for its first"}
	accountOf  = Field{Name: "account", Form: JID, Always: true, Means: "the account, user@domain"}
	pseudonym  = Field{Name: "who", Form: ID, Means: "pseudonym of the account, another for each of its incarnations; absent once the account is erased"}
	resourceOf = Field{Name: "jid", Form: JID, Means: "the full JID, once a resource is bound"}

	ofAccount    = []Field{accountOf, pseudonym, resourceOf, writer[0], writer[1], place}
	ofConnector  = []Field{writer[0], writer[1], place}
	ofConnection = []Field{{Name: "account", Form: JID, Means: "the account or domain that was meant, if that was learnt"}, writer[0], writer[1]}

	sessionFields = []Field{
		{Name: "began", Form: Time, Means: "when the session began, by the clock of the connector it began at; to the millisecond"},
		{Name: "duration_ms", Form: Integer, Means: "milliseconds from began to time; 0 if the clocks of two connectors say less"},
	}
	address = Field{Name: "address", Form: Address, Means: "the client's address"}
	stanza  = Field{Name: "stanza", Form: Text, Whole: true, Means: "the presence stanza without from and to"}
	reason  = Field{Name: "reason", Form: Reason, Always: true, Means: "why; there may be new reasons"}
	actor   = Field{Name: "by", Form: Text, Means: "who did it: \"cli USER@HOST\" by the command line, \"token NAME\" over HTTP, or the JID of a client; absent where nobody was named"}
	ending  = Field{Name: "until", Form: Time, Means: "when it ends by itself; absent: never"}
	banned  = Field{Name: "network", Form: Address, Means: "the network, in the notation of CIDR"}
	role    = Field{Name: "role", Form: Text, Means: "the session's role; absent if it was not recorded"}
	holder  = Field{Name: "held_by", Form: Text, Means: "name of the connector that held the session and was lost; connector is the one that noticed"}
	words   = Field{Name: "text", Form: Text, Means: "more of it, for people"}
)

// types is the one home of the types that are published. In a released version a
// type only gets fields that may be absent.
var types = []Type{
	{Kind: events.KindAuthenticated, Event: "authenticated", Class: Session, Common: ofAccount,
		Means: "A client logged in; the session begins.",
		Fields: []Field{
			{Name: "mechanism", Form: Text, Means: "SASL mechanism"},
			{Name: "tls", Form: Text, Means: "version of TLS; absent in the clear"},
			address,
			{Name: "agent", Form: Text, Means: "software, device and id, as the client says of itself (XEP-0388)"},
			role,
		}},
	{Kind: events.KindBound, Event: "bound", Class: Session, Common: ofAccount,
		Means:  "The session has a resource (RFC 6120, 7).",
		Fields: []Field{{Name: "requested", Form: Text, Means: "the resource that was asked for; absent if the server chose it"}, role}},
	{Kind: events.KindRosterRequested, Event: "roster_requested", Class: Presence, Common: ofAccount,
		Means: "The session wants to hear of its contacts (RFC 6121, 2.2)."},
	{Kind: events.KindPresenceAvailable, Event: "presence_available", Class: Presence, Common: ofAccount,
		Means: "The session is available to its contacts (RFC 6121, 4.2 and 4.4).",
		Fields: []Field{
			{Name: "priority", Form: Signed, Always: true, Means: "from -128 to 127"},
			{Name: "show", Form: Text, Means: "away, chat, dnd or xa"},
			stanza,
		}},
	{Kind: events.KindPresenceUnavailable, Event: "presence_unavailable", Class: Presence, Common: ofAccount,
		Means: "The session is not available any longer, by its own word.", Fields: []Field{stanza}},
	{Kind: events.KindStreamManagementEnabled, Event: "stream_management_enabled", Class: Session, Common: ofAccount,
		Means: "Stream management is on (XEP-0198).",
		Fields: []Field{
			{Name: "resumable", Form: Boolean, Always: true, Means: "whether the session can be resumed"},
			{Name: "max", Form: Integer, Always: true, Means: "seconds for which it waits to be"},
		}},
	{Kind: events.KindDetached, Event: "detached", Class: Session, Common: ofAccount,
		Means: "The connection is gone; the session waits to be resumed.",
		Fields: []Field{reason,
			{Name: "until", Form: Time, Always: true, Means: "how long it waits"}, holder}},
	{Kind: events.KindResumed, Event: "resumed", Class: Session, Common: ofAccount,
		Means: "Another connection has taken the session over, maybe at another connector.", Fields: []Field{address}},
	{Kind: events.KindClosed, Event: "closed", Class: Session, Common: ofAccount,
		Means: "The session has ended.", Fields: []Field{reason, words, actor, holder}},
	{Kind: events.KindPresenceDirected, Event: "presence_directed", Class: Presence, Common: ofAccount,
		Means: "Presence was sent to one JID (RFC 6121, 4.6).",
		Fields: []Field{
			{Name: "to", Form: JID, Always: true, Means: "to whom"},
			{Name: "available", Form: Boolean, Always: true, Means: "whether it said available"},
		}},
	{Kind: events.KindCarbonsEnabled, Event: "carbons_enabled", Class: Session, Common: ofAccount,
		Means: "The session wants copies of its account's messages (XEP-0280)."},
	{Kind: events.KindCarbonsDisabled, Event: "carbons_disabled", Class: Session, Common: ofAccount,
		Means: "It does not want them any longer."},
	{Kind: events.KindRefreshed, Event: "refreshed", Class: Session, Common: ofAccount, Fields: refreshedFields,
		Means: "Says nothing new: it repeats what is true of the session, before the log forgets who said it first."},
	{Kind: events.KindRoleTaken, Event: "role_taken", Class: Session, Common: ofAccount,
		Means:  "The session has changed to another role of its account, by its client's wish.",
		Fields: []Field{{Name: "role", Form: Text, Always: true, Means: "the session's role from here on"}}},
	{Kind: events.KindAccountCreated, Event: "account_created", Class: Account, Common: ofAccount, Fields: []Field{actor}, Means: "Somebody can log in from now on."},
	{Kind: events.KindPasswordChanged, Event: "password_changed", Class: Account, Common: ofAccount, Fields: []Field{actor}, Means: "The account has other credentials."},
	{Kind: events.KindAccountRemoved, Event: "account_removed", Class: Account, Common: ofAccount, Fields: []Field{actor}, Means: "The account is gone."},
	{Kind: events.KindAccountDisabled, Event: "account_disabled", Class: Account, Common: ofAccount, Fields: []Field{ending, words, actor}, Means: "Nobody can log in to the account; all that is kept of it stays."},
	{Kind: events.KindAccountEnabled, Event: "account_enabled", Class: Account, Common: ofAccount, Fields: []Field{actor}, Means: "The account can be logged in to again."},
	{Kind: events.KindRoleChanged, Event: "role_changed", Class: Account, Common: ofAccount,
		Means: "The account has other roles, and so have its sessions; those that lose something have ended before.",
		Fields: []Field{
			{Name: "role", Form: Text, Always: true, Means: "its primary role, with which its sessions begin"},
			{Name: "further", Form: TextList, Means: "other roles that its sessions may change to"},
			{Name: "was", Form: Text, Means: "its primary role before"},
			words, actor,
		}},
	{Kind: events.KindConnectorStarted, Event: "connector_started", Class: Connector, Common: ofConnector, Means: "A connector is there."},
	{Kind: events.KindConnectorStopped, Event: "connector_stopped", Class: Connector, Common: ofConnector, Means: "It has stopped in an orderly way."},
	{Kind: events.KindConnectorLost, Event: "connector_lost", Class: Connector, Common: ofConnector,
		Means: "A connector is lost; the one that wrote this found out.",
		Fields: []Field{
			{Name: "lost", Form: Text, Always: true, Means: "its name"},
			{Name: "lost_epoch", Form: Integer, Always: true, Means: "its incarnation; the earlier ones of the name are lost, too"},
		}},
	{Kind: events.KindNetworkBanned, Event: "network_banned", Class: Network, Common: ofConnector, Fields: []Field{banned, ending, words, actor}, Means: "Nobody can connect from the network; sessions there end."},
	{Kind: events.KindNetworkUnbanned, Event: "network_unbanned", Class: Network, Common: ofConnector, Fields: []Field{banned, actor}, Means: "The ban of the network is lifted."},
	{Kind: events.KindConnected, Event: "connected", Class: Connection, Common: ofConnection,
		Means: "A client has connected.", Fields: []Field{address}},
	{Kind: events.KindStreamOpened, Event: "stream_opened", Class: Connection, Common: ofConnection,
		Means: "It has opened a stream.", Fields: []Field{{Name: "host", Form: Text, Means: "the domain it wants"}}},
	{Kind: events.KindSecured, Event: "secured", Class: Connection, Common: ofConnection,
		Means: "TLS is established.",
		Fields: []Field{
			{Name: "version", Form: Text, Means: "version of TLS"},
			{Name: "cipher", Form: Text, Means: "cipher suite"},
		}},
	{Kind: events.KindAuthFailed, Event: "auth_failed", Class: Connection, Common: ofConnection,
		Means: "A login failed.",
		Fields: []Field{
			{Name: "username", Form: Text, Means: "the name that was tried"},
			{Name: "mechanism", Form: Text, Means: "SASL mechanism"},
			{Name: "condition", Form: Text, Means: "the error that the client was told (RFC 6120, 6.5)"},
			address,
		}},
	{Kind: events.KindDisconnected, Event: "disconnected", Class: Connection, Common: ofConnection,
		Means: "The connection has ended before it had a session.", Fields: []Field{reason, words, address}},

	{Event: "unknown", Class: Log, Means: "A record of a kind that the build which read it does not know.",
		Fields: []Field{
			{Name: "kind", Form: Integer, Always: true, Means: "the kind's number"},
			{Name: "version", Form: Integer, Always: true, Means: "version of its fields"},
			{Name: "fields", Form: Text, Whole: true, Means: "its fields, msgpack in hexadecimal"},
		}},
	{Event: "damaged", Class: Log, Means: "A record that can't be decoded; every reader passes over it.",
		Fields: []Field{
			{Name: "size", Form: Integer, Always: true, Means: "bytes of it; 0 if it can't be read at all"},
		}},
	{Event: "lost", Class: Log, Means: "Records that the log has lost.",
		Fields: []Field{
			{Name: "from", Form: Integer, Always: true, Means: "sequence of the first"},
			{Name: "to", Form: Integer, Always: true, Means: "sequence of the last"},
		}},
}

var refreshedFields = []Field{
	{Name: "since", Form: Time, Always: true, Means: "when the log stored the session's login"},
	{Name: "interested", Form: Boolean, Always: true, Means: "roster_requested"},
	{Name: "carbons", Form: Boolean, Always: true, Means: "carbons_enabled"},
	{Name: "available", Form: Boolean, Always: true, Means: "presence_available; only then there are the next three"},
	{Name: "priority", Form: Signed, Means: "its priority"},
	{Name: "presence_at", Form: Time, Means: "when the log stored it"},
	stanza,
	{Name: "resumable", Form: Boolean, Means: "only with stream management, as the next"},
	{Name: "max", Form: Integer, Means: "as in stream_management_enabled"},
	{Name: "until", Form: Time, Means: "as in detached, while it is"},
	{Name: "directed_count", Form: Integer, Always: true, Means: "how many JIDs have directed presence of it"},
	{Name: "directed", Form: TextList, Whole: true, Means: "these JIDs"},
	address,
	role,
}
