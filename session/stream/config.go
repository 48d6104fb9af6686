package stream

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"path"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// Config is what a Server needs. Fields without a default are required.
type Config struct {
	// Domains that are served, prepared (RFC 7622, 3.2).
	Domains []string
	// TLS is offered by STARTTLS and used by direct TLS. Its GetCertificate, if
	// it has one, is asked at each handshake, otherwise the first of its
	// Certificates that fits is used. It may be nil only with AllowPlaintext.
	TLS *tls.Config
	// ClientCAs are the authorities of domains whose peers are asked for a certificate
	// in the handshake of TLS. They need not have one, and one that they have is not
	// verified here: only that they have its key. Peers of WebSocket are never asked.
	ClientCAs map[string]*x509.CertPool
	// AllowPlaintext lets peers go without TLS, on any address. For development
	// and benchmarks.
	AllowPlaintext bool
	// WebOrigins are hosts whose pages may connect by WebSocket, besides the
	// server's own and this machine's: patterns of path.Match, with a port where
	// the origin has one, or with scheme://.
	WebOrigins []string
	// TrustedProxies are the proxies that are believed when they say whom they
	// connect for. To the listeners for TCP they must begin each connection with
	// the PROXY protocol; on those for WebSocket their X-Forwarded-For counts, as
	// this machine's does always.
	TrustedProxies []netip.Prefix
	// Refused reports the addresses that nobody may connect from; nil: there are none. It
	// is asked at each connection, behind a trusted proxy for the client's address, and
	// must not block. See Server.EndRefused for those that are there already.
	Refused func(netip.Addr) bool
	// Record keeps what happens on a connection before it is authenticated:
	// Connected, StreamOpened, Secured and Disconnected. It is called on the
	// connection's goroutine and must not block; nil: nothing is kept.
	Record func(events.ConnID, events.Event)
	// Logger is told what an operator should see; nil: nobody is told.
	Logger *slog.Logger
	// Limits of one element; see stanza.Limits for the defaults.
	Limits stanza.Limits
	// LoginTimeout bounds the time from connecting to being bound; default 60 s. With
	// TLS it is counted from the end of the handshake, to whose certificate a peer may
	// take as long to come, and 3 minutes from there.
	LoginTimeout time.Duration
	// MaxConnections bounds the connections of this server; default 100,000.
	MaxConnections int
	// MaxUnbound bounds those that are not bound; default 10,000. For one more
	// the oldest of them is closed.
	MaxUnbound int
	// MaxUnread bounds, in bytes, what waits for all those peers together that
	// have more than 64 KiB to read or to acknowledge; one that goes beyond it is
	// ended like one that is at its own limit. Default 256 MiB.
	MaxUnread int
	// MaxBegun bounds in the same way the incomplete elements that all peers
	// together have sent. Default 256 MiB.
	MaxBegun int
	// MaxPerAddress bounds the connections of one address, which is one of IPv4
	// or the /64 of one of IPv6; default 1,000, below 0: no limit. This machine's
	// own addresses have none, here and in the next field.
	MaxPerAddress int
	// AttemptsPerAddress bounds how often one address may connect in a second;
	// default 50, and 20 s of that at once; below 0: no limit.
	AttemptsPerAddress int
	// Rate and Burst bound what one peer may send once it is authenticated, in
	// bytes a second and in bytes at once; TLS and white space count. Beyond it
	// the stream ends with policy-violation. Default 10 MB/s and 20 MB.
	Rate, Burst int
}

// validate finds what would fail only when the first peer comes.
func (c *Config) validate() error {
	switch {
	case len(c.Domains) == 0:
		return errors.New("stream: no domain to serve")
	case c.TLS == nil && !c.AllowPlaintext:
		return errors.New("stream: neither TLS nor plaintext is allowed")
	}
	for _, pattern := range c.WebOrigins {
		if _, err := path.Match(pattern, ""); err != nil {
			return fmt.Errorf("stream: origin %q: %w", pattern, err)
		}
	}
	return nil
}

func (c *Config) setDefaults() {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Refused == nil {
		c.Refused = func(netip.Addr) bool { return false }
	}
	if c.Record == nil {
		c.Record = func(events.ConnID, events.Event) {}
	}
	if c.LoginTimeout == 0 {
		c.LoginTimeout = time.Minute
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
	set(&c.Rate, 10_000_000)
	set(&c.Burst, 20_000_000)
}
