package c2s

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net/netip"
	"path"
	"time"

	"rollcall/events"
	"rollcall/session"
	"rollcall/session/auth"
	"rollcall/session/delivery"
	"rollcall/session/stanza"
)

// Config is what a Server needs. Fields without a default are required.
type Config struct {
	// Domains that are served, prepared (RFC 7622, 3.2).
	Domains []string
	// TLS is offered by STARTTLS and used by direct TLS. Its GetCertificate, if
	// it has one, is asked at each handshake, else the first of its Certificates
	// that fits is used. It may be nil only with AllowPlaintext.
	TLS *tls.Config
	// AllowPlaintext lets clients log in without TLS, with PLAIN too. For
	// development and benchmarks.
	AllowPlaintext bool
	// ChannelBinding offers the -PLUS mechanisms (RFC 5802, 6) with
	// tls-exporter in RFC 6120's profile of SASL too; in SASL2 they always are.
	// Off by default: clients that know only tls-unique, such as slixmpp 1.8,
	// take the offer, fail at it, and then fall back to weaker and weaker
	// mechanisms, to PLAIN at last.
	ChannelBinding bool
	// WebOrigins are hosts whose pages may connect by WebSocket, besides the
	// server's own and this machine's: patterns of path.Match, with a port where
	// the origin has one, or with scheme://.
	WebOrigins []string
	// TrustedProxies are those that are believed for whom they connect. To the
	// doors for TCP they must begin each connection with the PROXY protocol; on
	// those for WebSocket their X-Forwarded-For counts, as this machine's does
	// always.
	TrustedProxies []netip.Prefix
	// Accounts looks up credentials.
	Accounts auth.Accounts
	// Secret makes up salts for unknown users; at least 16 random bytes, the
	// same on all connectors.
	Secret []byte
	// Registry lets clients make accounts and change and remove their own
	// (XEP-0077); nil: only the operator does.
	Registry Registry
	// Rosters keeps one document an account.
	Rosters Documents
	// Blocked keeps block lists; nil: nobody can block anybody.
	Blocked Documents
	// Private keeps what accounts store and publish; nil: nothing is.
	Private Documents
	// Offline keeps messages for accounts that nobody is there for; nil: they are
	// refused.
	Offline delivery.Offline
	// Table is the state of all sessions everywhere.
	Table delivery.Table
	// Courier carries stanzas to other connectors.
	Courier delivery.Courier
	// Pre records what happens before authentication; nil: nobody does.
	Pre Recorder
	// Version is what the server says of itself (XEP-0092); default "unknown".
	Version string
	// Logger gets what an operator should see; default: nobody.
	Logger *slog.Logger
	// Limits of one stanza; see stanza.Limits for the defaults.
	Limits stanza.Limits
	// LoginTimeout bounds the time from connecting to being bound; default 60 s.
	LoginTimeout time.Duration
	// MaxConnections bounds the connections of this server; default 100,000.
	MaxConnections int
	// MaxUnbound bounds those that are not bound; default 10,000. For one more
	// the oldest of them is closed.
	MaxUnbound int
	// MaxUnread bounds, in bytes, what waits for all clients together that have
	// more than 64 KiB to read or to acknowledge; who goes beyond it is ended like
	// one that is at its own limit. Default 256 MiB.
	MaxUnread int
	// MaxBegun bounds in the same way what all clients together have sent of
	// stanzas that are not complete. Default 256 MiB.
	MaxBegun int
	// MaxPerAddress bounds the connections of one address, which is one of IPv4
	// or the /64 of one of IPv6; default 1,000, below 0: no limit. This machine's
	// own addresses have none, here and in the fields that follow.
	MaxPerAddress int
	// AttemptsPerAddress bounds how often one address may connect in a second;
	// default 50, and 20 s of that at once; below 0: no limit.
	AttemptsPerAddress int
	// LoginRate is how often one account may log in or resume a session in a
	// minute, on all connectors together, and 5 min of that at once; default 60,
	// below 0: no limit.
	LoginRate int
	// PresenceRate is how many changes of presence of one session are stored in a
	// second; default 1, and 60 s of that at once; below 0: no limit, for any
	// change that is stored. Beyond it the client's stanzas wait. They do so at 20
	// a second, after 1,000, for changes of rosters and of what is published.
	PresenceRate int
	// ResumeTime is the longest time that a session waits for its client to
	// resume it (XEP-0198); default 5 min.
	ResumeTime time.Duration
	// Rate and Burst bound what one client may send once it is authenticated, in
	// bytes a second and in bytes at once; TLS and white space count. Beyond it
	// the stream ends with policy-violation. Default 10 MB/s and 20 MB.
	Rate, Burst int
	// Conflict is what becomes of the older session when a full JID is bound
	// again; default session.Replace.
	Conflict session.Conflict
	// MaxResources an account may bind; default session.MaxSessions.
	MaxResources int
}

// Documents keeps one document an account by compare-and-set, which is all that
// connectors agree by on rosters, block lists and what is published. What is in
// them is for this package, or for package roster or pep, to write and read. Get
// fails with events.ErrNotFound, Put with events.ErrConflict if the revision (0:
// none) is no longer the newest; both with events.ErrUnavailable. It is for any
// goroutine.
type Documents interface {
	Get(ctx context.Context, account events.JID) (events.Document, error)
	Put(ctx context.Context, account events.JID, data []byte, revision uint64) (uint64, error)
	// Last is the newest revision of all.
	Last(ctx context.Context) (uint64, error)
	// Watch gives every document changed after the revision, then changes as
	// they come, without a gap.
	Watch(ctx context.Context, after uint64) iter.Seq2[events.Document, error]
}

// A Recorder keeps an event of a connection that has no account yet. It never
// blocks.
type Recorder interface {
	Publish(*events.Record)
}

// validate finds what would fail only when the first client comes. Rosters and the
// table are asked for by each of them; what else may be nil stands for a part of
// the service that is off.
func (c *Config) validate() error {
	switch {
	case len(c.Domains) == 0:
		return errors.New("c2s: no domain to serve")
	case c.TLS == nil && !c.AllowPlaintext:
		return errors.New("c2s: neither TLS nor plaintext is allowed")
	case c.Accounts == nil || c.Rosters == nil || c.Table == nil || c.Courier == nil:
		return errors.New("c2s: Accounts, Rosters, Table and Courier are required")
	}
	for _, pattern := range c.WebOrigins {
		if _, err := path.Match(pattern, ""); err != nil {
			return fmt.Errorf("c2s: origin %q: %w", pattern, err)
		}
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
	if c.LoginTimeout == 0 {
		c.LoginTimeout = time.Minute
	}
	if c.ResumeTime == 0 {
		c.ResumeTime = 5 * time.Minute
	}
	set := func(field *int, value int) {
		if *field == 0 {
			*field = value
		}
	}
	set(&c.Limits.Bytes, 256<<10) // as stanza has it; WebSocket messages share it
	set(&c.MaxConnections, 100_000)
	set(&c.MaxUnbound, 10_000)
	set(&c.MaxUnread, 256<<20)
	set(&c.MaxBegun, 256<<20)
	set(&c.MaxPerAddress, 1000)
	set(&c.AttemptsPerAddress, 50)
	set(&c.LoginRate, 60)
	set(&c.PresenceRate, 1)
	set(&c.Rate, 10_000_000)
	set(&c.Burst, 20_000_000)
	set(&c.MaxResources, session.MaxSessions)
}
