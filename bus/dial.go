package bus

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

// Errors of Connect that are about credentials and certificates. Whoever knows where these come
// from can say what to change.
var (
	// ErrNoCredentials: the server wants to know who connects, and Credentials names nobody.
	ErrNoCredentials = errors.New("NATS lets nobody in without credentials")
	// ErrRefused: the server does not take these credentials.
	ErrRefused = errors.New("NATS refuses the credentials")
	// ErrExpired: it took them once.
	ErrExpired = errors.New("the credentials for NATS have expired")
	// ErrUntrusted: the server's certificate is of an authority that is not trusted, or of
	// another name, or not that of Credentials.Pin.
	ErrUntrusted = errors.New("the certificate of NATS is not trusted")
	// ErrWantsCertificate: the server wants one of the client, or another one.
	ErrWantsCertificate = errors.New("NATS wants a client certificate that it knows")
	// ErrNoTLS: TLS is asked for, and the server has none.
	ErrNoTLS = errors.New("NATS has no TLS")
)

// open connects to the server, which may be one in this process.
func (b *Bus) open() error {
	if b.cfg.Inbox == "" {
		b.cfg.Inbox = b.cfg.Credentials.inbox()
	}
	var err error
	b.nc, err = b.cfg.connect(b.Address(),
		nats.DisconnectErrHandler(func(*nats.Conn, error) { b.setConnected(false) }),
		nats.ReconnectHandler(func(nc *nats.Conn) {
			b.lookWhoSyncs(nc)
			b.setConnected(true)
		}),
		nats.ErrorHandler(b.asyncError))
	b.first.nc = b.nc
	return err
}

// connect makes a connection to a server, which is at an address that people may read.
func (c *Config) connect(address string, handlers ...nats.Option) (*nats.Conn, error) {
	credentials, err := c.Credentials.options()
	if err != nil {
		return nil, err
	}
	nc, err := nats.Connect(c.URL, slices.Concat(c.options(), handlers, credentials)...)
	if err != nil {
		return nil, c.unconnected(err, address)
	}
	return nc, nil
}

func (c *Config) options() []nats.Option {
	opts := []nats.Option{
		nats.Name(c.Name),
		nats.MaxReconnects(-1),
		nats.CustomReconnectDelay(reconnectDelay),
		nats.IgnoreAuthErrorAbort(), // credentials may be mended meanwhile
		// A message that can't be sent is refused, not sent later.
		nats.ReconnectBufSize(-1),
		// A server that hangs is noticed within 6 s.
		nats.PingInterval(2 * time.Second),
		nats.FlusherTimeout(10 * time.Second),
	}
	if c.Inbox != "" {
		opts = append(opts, nats.CustomInboxPrefix(c.Inbox))
	}
	if c.InProcess != nil {
		opts = append(opts, nats.InProcessServer(c.InProcess))
	}
	if doorman, ok := c.InProcess.(interface{ Login() nats.Option }); ok {
		opts = append(opts, doorman.Login())
	}
	return opts
}

// reconnectDelay is waited after each round through the known servers. It is
// short because a follower should go on within two seconds of a restart, and
// jittered because all connectors lose the same server at once.
func reconnectDelay(attempts int) time.Duration {
	d := 25 * time.Millisecond << min(attempts, 4)
	return d + rand.N(d/2)
}

// unconnected tells apart why there is no connection.
func (c *Config) unconnected(err error, address string) error {
	why := ErrUnreachable
	switch {
	case errors.Is(err, nats.ErrAuthExpired), errors.Is(err, nats.ErrAccountAuthExpired):
		why = ErrExpired
	case errors.Is(err, nats.ErrAuthorization), errors.Is(err, nats.ErrAuthRevoked):
		return c.refused(address)
	case errors.Is(err, nats.ErrNkeysNotSupported):
		return fmt.Errorf("%w at %s: it knows no nkeys, nobody has to show one there", ErrRefused, address)
	case errors.Is(err, nats.ErrSecureConnWanted):
		return fmt.Errorf("%w at %s", ErrNoTLS, address)
	case isUntrusted(err):
		why = ErrUntrusted
	case wantsCertificate(err):
		why = ErrWantsCertificate
	}
	return fmt.Errorf("%w at %s: %w", why, address, withoutURL(err))
}

// refused says why as far as can be seen from here: a server says as much to somebody whom it
// does not know as to somebody whose time is over.
func (c *Config) refused(address string) error {
	if !c.Credentials.Given() {
		return fmt.Errorf("%w at %s", ErrNoCredentials, address)
	}
	if end, ok := c.Credentials.ended(time.Now()); ok {
		return fmt.Errorf("%w at %s: they were good until %s", ErrExpired, address, end.Format("2006-01-02 15:04:05 MST"))
	}
	return fmt.Errorf("%w at %s", ErrRefused, address)
}

func isUntrusted(err error) bool {
	var unverified *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	return errors.As(err, &unverified) || errors.As(err, &unknown)
}

// wantsCertificate reports the alerts of a server that has looked at the client's certificate
// (RFC 8446, 6.2). They have no type of their own in crypto/tls.
func wantsCertificate(err error) bool {
	for _, alert := range []string{"certificate required", "bad certificate", "unknown certificate authority", "expired certificate", "unknown certificate"} {
		if strings.Contains(err.Error(), "remote error: tls: "+alert) {
			return true
		}
	}
	// With TLS 1.3 the handshake is over for the client when the server looks, and what it
	// writes next may find the connection closed before the alert is read.
	return strings.Contains(err.Error(), "closed by remote after TLS handshake")
}
