package c2s

import (
	"errors"
	"log/slog"
	"net/netip"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/auth"
	"github.com/rollcall-xmpp/rollcall/session/bans"
	"github.com/rollcall-xmpp/rollcall/session/delivery"
	"github.com/rollcall-xmpp/rollcall/session/roles"
	"github.com/rollcall-xmpp/rollcall/session/stream"
)

// Config is what a Server needs. Fields without a default are required.
type Config struct {
	// Config is that of the streams: listeners, TLS, and the limits of connections
	// and of bytes. Its AllowPlaintext lets clients log in without TLS, with PLAIN
	// too. Its Record is not used; see Pre.
	stream.Config
	// ChannelBinding offers the -PLUS mechanisms (RFC 5802, 6) with
	// tls-exporter in RFC 6120's profile of SASL too; in SASL2 they always are.
	// Off by default: clients that know only tls-unique, such as slixmpp 1.8,
	// take the offer, fail at it, and then fall back to weaker and weaker
	// mechanisms, to PLAIN at last.
	ChannelBinding bool
	// Accounts looks up credentials.
	Accounts auth.CredentialStore
	// Secret makes up salts for unknown users; at least 16 random bytes, the
	// same on all connectors.
	Secret []byte
	// Users says of domains whose users are not simply our own accounts who they are.
	// Their keys are among Domains.
	Users map[string]auth.Domain
	// Enroller makes the records of accounts that are another database's; required
	// where Users names one.
	Enroller auth.Enroller
	// Inherited tells what a domain has inherited from another server; nil: none has.
	Inherited func(domain string) (auth.Inheritance, bool)
	// Roles say who may do what; default roles.Standard.
	Roles *roles.Set
	// Registry lets clients make accounts and change and remove their own
	// (XEP-0077); nil: only the operator does.
	Registry Registry
	// Rosters keeps one document an account, as package roster writes it.
	Rosters events.Bucket
	// Blocked keeps block lists; nil: nobody can block anybody.
	Blocked events.Bucket
	// Private keeps what accounts store and publish; nil: nothing is.
	Private events.Bucket
	// Offline keeps messages for accounts that nobody is there for; nil: they are
	// refused.
	Offline delivery.Offline
	// Administration lets clients whose roles allow it administer accounts (XEP-0133);
	// nil: none can.
	Administration *Administration
	// Bans are the networks that clients may not connect from; nil: there are none. After
	// each change EnforceBans is to be called.
	Bans *bans.Table
	// Table is the state of all sessions everywhere.
	Table delivery.Table
	// Courier carries stanzas to other connectors.
	Courier delivery.Courier
	// Pre records what happens before authentication; nil: nothing is recorded.
	Pre Recorder
	// Failed, if not nil, is told the address of each client whose password was wrong,
	// unless there were too many of those and it was not looked at or the client was not
	// told: then held is true. It is called by many goroutines and must not wait.
	Failed func(from netip.Addr, held bool)
	// Version is what the server says of itself (XEP-0092); default "unknown".
	Version string
	// LoginRate is how often one account may log in or resume a session in a
	// minute, on all connectors together, and 5 min of that at once; default 60,
	// below 0: no limit. This machine's own addresses have none, here and in the
	// next field.
	LoginRate int
	// PresenceRate is how many changes of presence of one session are stored in a
	// second; default 1, and 60 s of that at once; below 0: no limit, for any
	// change that is stored. Beyond it the client's stanzas wait. They do so at 20
	// a second, after 1,000, for changes of rosters and of published items.
	PresenceRate int
	// ResumeTime is the longest time that a session waits for its client to
	// resume it (XEP-0198); default 5 min.
	ResumeTime time.Duration
	// Conflict is what becomes of the older session when a full JID is bound
	// again; default session.Replace.
	Conflict session.Conflict
	// MaxResources an account may bind; default session.MaxSessions.
	MaxResources int
}

// A Recorder keeps an event of a connection that has no account yet. It never
// blocks.
type Recorder interface {
	Publish(*events.Record)
}

// validate finds what would fail only when the first client comes. Rosters and the
// table are asked for by each of them; any other nil stands for a part of the
// service that is off.
func (c *Config) validate() error {
	if c.Accounts == nil || c.Rosters == nil || c.Table == nil || c.Courier == nil {
		return errors.New("c2s: Accounts, Rosters, Table and Courier are required")
	}
	return nil
}

func (c *Config) setDefaults() {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Version == "" {
		c.Version = "unknown"
	}
	if c.Roles == nil {
		c.Roles = roles.Standard()
	}
	if c.ResumeTime == 0 {
		c.ResumeTime = 5 * time.Minute
	}
	set := func(field *int, value int) {
		if *field == 0 {
			*field = value
		}
	}
	set(&c.LoginRate, 60)
	set(&c.PresenceRate, 1)
	set(&c.MaxResources, session.MaxSessions)
}
