package c2s

import (
	"context"
	"errors"
	"net"
	"time"

	"rollcall/events"
	"rollcall/session"
	"rollcall/session/auth"
	"rollcall/session/stanza"
)

// SASL negotiation: RFC 6120, 6.

// maxAttempts bounds the failures on one connection (RFC 6120, 6.4.5 wants
// between 2 and 5 retries); then the stream ends with policy-violation.
const maxAttempts = 5

func (c *conn) appendMechanisms(b []byte) []byte {
	b = append(b, "<mechanisms xmlns='"+stanza.NSSASL+"'>"...)
	for _, m := range c.begin().Mechanisms() {
		b = append(b, "<mechanism>"...)
		b = stanza.AppendText(b, m)
		b = append(b, "</mechanism>"...)
	}
	return append(b, "</mechanisms>"...)
}

// authenticate handles one element of the exchange. restart says that it
// succeeded and that the client is to open a new stream.
func (c *conn) authenticate(el *stanza.Element) (restart bool, err error) {
	if !c.secured && !c.srv.cfg.AllowPlaintext {
		return false, c.authFailed("", auth.Reply{Condition: auth.EncryptionRequired})
	}
	if el.Local() == "auth" {
		if _, ok := c.srv.throttle.Allow(c.throttleKey()); !ok {
			return false, c.authFailed("", auth.Reply{Condition: auth.TemporaryAuthFailure, Err: errors.New("too many failures from this address")})
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), loginTime)
	defer cancel()
	r, ok := c.exchangeStep(ctx, el)
	if !ok {
		return false, &stanza.StreamError{Condition: stanza.StreamUnsupportedStanzaType}
	}
	switch r.Kind {
	case auth.Challenge:
		c.sendSASL("challenge", auth.EncodeText(r.Kind, r.Data))
		return false, nil
	case auth.Success:
		return c.authenticated(ctx, r)
	}
	if r.Condition == auth.NotAuthorized { // others are no guesses at a password
		c.srv.throttle.Failed(c.throttleKey())
	}
	return false, c.authFailed(el.Attr("mechanism"), r)
}

// throttleKey counts the failures of an address, whichever port it is from.
func (c *conn) throttleKey() string {
	host, _, err := net.SplitHostPort(c.address())
	if err != nil {
		return c.address()
	}
	return host
}

func (c *conn) exchangeStep(ctx context.Context, el *stanza.Element) (auth.Reply, bool) {
	x := c.begin()
	data, readable := auth.DecodeText(el.Text())
	switch el.Local() {
	case "auth":
		if !readable {
			return x.Reject(), true
		}
		c.mechanism = el.Attr("mechanism")
		return x.Start(ctx, c.mechanism, data), true
	case "response":
		if !readable {
			return x.Reject(), true
		}
		return x.Step(ctx, data), true
	case "abort":
		return x.Abort(), true
	}
	return auth.Reply{}, false
}

// authenticated writes the session's first event, and only then tells the
// client that it is in.
func (c *conn) authenticated(ctx context.Context, r auth.Reply) (restart bool, err error) {
	svc := c.srv.service.Load()
	c.exchange = nil // it is over; after a failure that isn't its own there may be another
	if svc == nil {
		return false, c.authFailed("", auth.Reply{Condition: auth.TemporaryAuthFailure, Account: r.Account, Err: events.ErrUnavailable})
	}
	id := events.NewID(time.Now())
	c.svc, c.account, c.session = svc, r.Account, id
	c.srv.hub.hold(c)
	_, _, err = svc.Do(ctx, r.Account, c.id, session.Authenticate{
		Session: id, Mechanism: c.mechanism, TLS: c.tls.Version, Address: c.address(),
	})
	if err != nil {
		c.srv.hub.drop(c)
		if errors.Is(err, events.ErrUnresolved) {
			svc.End(ctx, r.Account, c.id, session.Close{Session: id, Reason: events.ReasonUnavailable})
		}
		c.srv.cfg.Logger.Warn("login refused", "account", r.Account.String(), "error", err)
		return false, c.authFailed("", auth.Reply{Condition: auth.TemporaryAuthFailure, Account: r.Account, Err: err})
	}
	c.authed.Store(true)
	if c.srv.service.Load() != svc {
		return false, session.ErrFenced // the lease was lost meanwhile; Suspend may have missed us
	}
	c.srv.throttle.Succeeded(c.throttleKey())
	c.sendSASL("success", auth.EncodeText(r.Kind, r.Data))
	c.wire.Restart()
	return true, nil
}

// authFailed tells the client and the log, and ends the stream when it is
// enough.
func (c *conn) authFailed(mechanism string, r auth.Reply) error {
	if mechanism == "" {
		mechanism = c.mechanism
	}
	c.srv.record(c, r.Account, events.AuthFailed{
		Username: r.Account.Local(), Mechanism: mechanism, Condition: string(r.Condition), Address: c.address(),
	})
	c.send([]byte("<failure xmlns='" + stanza.NSSASL + "'><" + string(r.Condition) + "/></failure>"))
	if c.attempts++; c.attempts >= maxAttempts {
		return &stanza.StreamError{Condition: stanza.StreamPolicyViolation, Text: "too many failed authentications"}
	}
	return nil
}

func (c *conn) sendSASL(name, text string) {
	c.send([]byte("<" + name + " xmlns='" + stanza.NSSASL + "'>" + text + "</" + name + ">"))
}
