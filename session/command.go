package session

import (
	"net/netip"

	"github.com/rollcall-xmpp/rollcall/events"
)

// A Command is a wish, in the imperative, with everything that deciding about
// it takes. Its concrete types are those of this file.
type Command interface {
	decide(a *Account) ([]Step, error)
}

// A Step is one event that carries out a command, for the session and under
// the JID that its record will name.
type Step struct {
	Session events.SessionID
	JID     events.JID
	Event   events.Event
}

// A Conflict is what to do when the wanted full JID is in use (RFC 6120,
// 7.7.2.2).
type Conflict uint8

const (
	// Replace ends the session that has the full JID. The default.
	Replace Conflict = iota
	// Refuse keeps it and refuses the new one.
	Refuse
	// Rename keeps it and gives the new one the resource of Bind.Generated.
	Rename
)

// Commands of a session.
type (
	// Authenticate starts a session.
	Authenticate struct {
		Session   events.SessionID
		Mechanism string
		TLS       string
		Address   string
		Agent     string // see events.Authenticated
		Role      string // the account's primary one
		// AsOf is a place in the log from before the check of the client's proof
		// began: a change of the password after it refuses the command.
		AsOf events.Seq
	}
	// Bind makes it a connected resource. Resource and Generated are prepared;
	// Resource is empty if the client leaves the choice to the server.
	Bind struct {
		Session   events.SessionID
		Resource  string   // asked for
		Generated string   // unguessable, not empty; used if Resource is empty, or by Rename
		Conflict  Conflict // if another session has the full JID
		Limit     int      // connected resources an account may have; 0: MaxSessions
	}
	// RequestRoster makes it an interested resource.
	RequestRoster struct{ Session events.SessionID }
	// BecomeAvailable broadcasts presence, the first or another; see
	// events.PresenceAvailable.
	BecomeAvailable struct {
		Session  events.SessionID
		Priority int8
		Show     string
		Stanza   string
	}
	// BecomeUnavailable broadcasts unavailable presence; see
	// events.PresenceUnavailable.
	BecomeUnavailable struct {
		Session events.SessionID
		Stanza  string
	}
	// DirectPresence records presence sent to one JID, bare or full
	// (RFC 6121, 4.6).
	DirectPresence struct {
		Session   events.SessionID
		To        events.JID
		Available bool
	}
	// EnableStreamManagement is XEP-0198's enable; see
	// events.StreamManagementEnabled.
	EnableStreamManagement struct {
		Session   events.SessionID
		Resumable bool
		Max       uint32 // seconds that a lost session waits to be resumed
		TokenHash string
	}
	// SwitchCarbons is XEP-0280's enable and disable.
	SwitchCarbons struct {
		Session events.SessionID
		On      bool
	}
	// TakeRole gives the session another role of its account. The caller has seen that
	// the account has it, after AsOf: a change of its roles since then refuses the command.
	TakeRole struct {
		Session events.SessionID
		Role    string
		AsOf    events.Seq
	}
	// Detach keeps a resumable session after its connection is lost, and
	// closes any other.
	Detach struct {
		Session events.SessionID
		Reason  events.Reason
		Now     int64         // Unix nanoseconds
		conn    events.ConnID // see Service.End: if not zero, only while it holds the session
	}
	// Resume takes over the session Previous on the connection of the
	// authenticated, unbound session Session, which ends by it. If the log
	// fails it may be half done: then both are to be ended by Service.End,
	// which leaves Previous alone if the connection hasn't got it.
	Resume struct {
		Session   events.SessionID
		Previous  events.SessionID
		TokenHash string // of the token that the client shows; has to be Previous's
		Address   string // the client's IP address and port
		Now       int64  // Unix nanoseconds
	}
	// Close ends one session. Closing one that is closed is not an error.
	Close struct {
		Session events.SessionID
		Reason  events.Reason
		Text    string        // for people; may be empty
		By      events.Actor  // who wanted it, if somebody did
		conn    events.ConnID // as in Detach
	}
)

// MaxKickText bounds the text of a Kick, in bytes: it goes into the history, and to the
// client in an error. The caller sees to it.
const MaxKickText = 1000

// Commands of an account.
type (
	// Kick closes one session, by its resource or, bound or not, by its id; or all if
	// neither is given. If there is none nothing is written.
	Kick struct {
		Resource string
		Session  events.SessionID // counts if it isn't zero
		Text     string           // for the client and the history
		By       events.Actor
	}
	// Fence closes what a lost connector held: all sessions of incarnations of
	// that name up to that epoch. With Keep, those that may be resumed are
	// detached instead, for connectors that can resume each other's sessions; none
	// can yet.
	Fence struct {
		Lost events.Incarnation
		Keep bool  // detach those that may be resumed
		Now  int64 // Unix nanoseconds
	}
	// Expire closes the sessions that waited to be resumed until before Now,
	// and no others: one that was resumed in the last moment lives on. It is for
	// sessions that outlive their connector (see Fence); today each connector closes
	// its own by Close.
	Expire struct{ Now int64 }
	// Refresh repeats in the log those of the account's sessions that Holder
	// holds and that began before Begun.
	Refresh struct {
		Holder events.Incarnation
		Begun  int64 // Unix nanoseconds
		// Account is what the log says of the account, by its own clock. If that is
		// no longer all it says, there is nothing to repeat.
		Account *Account
	}
	// CreateAccount records that the account exists.
	CreateAccount struct{ By events.Actor }
	// ChangePassword ends all sessions but Except: they proved knowledge of a
	// password that is no longer right.
	ChangePassword struct {
		Except events.SessionID
		By     events.Actor
	}
	// ChangeRole records the account's roles, which are Was and others before, and ends
	// the sessions that lose something by it. The others of the old primary role have the
	// new one at once.
	ChangeRole struct {
		Role      string
		Further   []string
		Was       string
		NoLess    bool     // Role allows all that Was does
		Assumable []string // roles that sessions of the account may have
		By        events.Actor
		Text      string // why, for people; at most MaxKickText
	}
	// RemoveAccount ends all sessions.
	RemoveAccount struct{ By events.Actor }
	// DisableAccount says that nobody can log in to the account, and ends all its sessions,
	// or as a Kick does the one that Resource or Session names. If there is none of these, the
	// account is disabled all the same.
	DisableAccount struct {
		Until    int64         // Unix nanoseconds, from when on it may log in again; 0: until it is enabled
		Reason   events.Reason // of the ends; "": ReasonAccountDisabled
		Resource string
		Session  events.SessionID // counts if it isn't zero
		Text     string           // for the client and the history; at most MaxKickText bytes, as a Kick's
		By       events.Actor
	}
	// EnableAccount says that it can be logged in to again.
	EnableAccount struct{ By events.Actor }
)

// Commands of networks, to be done under [events.Networks]. They record what is done
// elsewhere.
type (
	// BanNetwork records that nobody can connect from a network.
	BanNetwork struct {
		Network netip.Prefix
		Until   int64  // Unix nanoseconds; 0: until it is unbanned
		Text    string // for the clients and the history
		By      events.Actor
	}
	// UnbanNetwork records that its ban is lifted.
	UnbanNetwork struct {
		Network netip.Prefix
		By      events.Actor
	}
)
