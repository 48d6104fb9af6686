package ldap

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/go-ldap/ldap/v3"
)

// maxAnswer bounds what the directory may send for one question, TLS included, in bytes:
// its certificates, one name, and the results of two or three requests.
const maxAnswer = 256 << 10

// A line is a connection to the directory. It belongs to whoever has it from the pool.
type line struct {
	*ldap.Conn
	wire    *meter
	service bool // bound as whoever searches
}

// A meter is a connection on which so much may come.
type meter struct {
	net.Conn
	left atomic.Int64
}

var errTooMuch = errors.New("the directory sends too much")

func (m *meter) Read(b []byte) (int, error) {
	n, err := m.Conn.Read(b)
	if m.left.Add(-int64(n)) < 0 {
		return 0, errTooMuch
	}
	return n, err
}

// dial connects, within the context.
func (p *place) dial(ctx context.Context) (*line, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", p.address)
	if err != nil {
		return nil, err
	}
	l := &line{wire: &meter{Conn: conn}}
	l.wire.left.Store(maxAnswer)
	stop := context.AfterFunc(ctx, l.wire.giveUp)
	if l.Conn, err = p.secure(ctx, l.wire); err != nil {
		conn.Close()
		return nil, err
	}
	if !stop() {
		l.Close()
		return nil, ctx.Err()
	}
	return l, nil
}

// secure begins LDAP, on or under TLS.
func (p *place) secure(ctx context.Context, wire *meter) (*ldap.Conn, error) {
	if p.tls != nil && !p.later {
		t := tls.Client(wire, p.tls)
		if err := t.Handshake(); err != nil {
			return nil, err
		}
		conn := ldap.NewConn(t, true)
		conn.Start()
		return conn, nil
	}
	conn := ldap.NewConn(wire, false)
	conn.Start()
	if p.tls == nil {
		return conn, nil
	}
	// The library does not read on behind the first message, even one that is no answer.
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	if err := conn.StartTLS(p.tls); err != nil {
		conn.Close()
		return nil, fmt.Errorf("StartTLS: %w", failure(err))
	}
	return conn, nil
}

// giveUp ends whatever waits for the wire, for good.
func (m *meter) giveUp() { m.SetDeadline(time.Unix(1, 0)) }

// hold gives the line to one question: it has the context's time, and a fresh allowance.
// release ends that, and reports false if the time was over before, so that the line is
// of no more use.
func (l *line) hold(ctx context.Context) (release func() bool) {
	l.wire.left.Store(maxAnswer)
	return context.AfterFunc(ctx, func() {
		l.wire.giveUp()
		l.Close()
	})
}

// A resultError is a result of LDAP that is no success (RFC 4511, appendix A).
type resultError uint16

func (e resultError) Error() string {
	return fmt.Sprintf("LDAP result %d, %s", uint16(e), ldap.LDAPResultCodeMap[uint16(e)])
}

// failure is an error of the library without what the directory said.
func failure(err error) error {
	var result *ldap.Error
	switch {
	case errors.As(err, &result) && result.ResultCode < ldap.ErrorNetwork:
		return resultError(result.ResultCode)
	case errors.As(err, &result) && result.ResultCode != ldap.ErrorNetwork:
		return errors.New("the directory answers by what is no LDAP")
	}
	return errors.New("the connection to the directory was lost")
}

// refuses reports that a bind was refused for the user's sake: a wrong password, an entry
// that is not there or has none, or one that may not bind.
func refuses(err error) bool {
	var result resultError
	if !errors.As(err, &result) {
		return false
	}
	switch result {
	case ldap.LDAPResultInvalidCredentials, ldap.LDAPResultInappropriateAuthentication, ldap.LDAPResultNoSuchObject,
		ldap.LDAPResultInvalidDNSyntax, ldap.LDAPResultConstraintViolation, ldap.LDAPResultUnwillingToPerform,
		ldap.LDAPResultInsufficientAccessRights:
		return true
	}
	return false
}
