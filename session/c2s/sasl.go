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

// What a client is told that has to wait.
var (
	errFailures = errors.New("too many failures from this address, try again later")
	errLogins   = errors.New("too many logins of this account, try again in a minute")
)

// A profile says how SASL is written, by the namespace of its elements: as in
// RFC 6120 or as in SASL2 (sasl2.go).
type profile string

const (
	sasl1 profile = stanza.NSSASL
	sasl2 profile = stanza.NSSASL2
)

func (c *conn) appendMechanisms(b []byte) []byte {
	b = append(b, "<mechanisms xmlns='"+stanza.NSSASL+"'>"...)
	return append(appendMechanisms(b, c.mechanisms(c.channel(sasl1))), "</mechanisms>"...)
}

func appendMechanisms(b []byte, names []string) []byte {
	for _, m := range names {
		b = append(b, "<mechanism>"...)
		b = stanza.AppendText(b, m)
		b = append(b, "</mechanism>"...)
	}
	return b
}

// mechanisms are those that there are on a channel.
func (c *conn) mechanisms(ch auth.Channel) []string {
	return c.srv.auth.Begin(c.host, ch).Mechanisms()
}

// begin is the exchange for the connection as it is now. What was begun in
// another profile is over.
func (c *conn) begin(p profile) *auth.Exchange {
	if c.exchange == nil || c.profile != p {
		c.exchange, c.profile = c.srv.auth.Begin(c.host, c.channel(p)), p
	}
	return c.exchange
}

// authenticate handles one element of the exchange: auth and its responses
// (6.4.2, 6.4.3), or abort (6.4.4). restart says that it succeeded (6.4.6) and
// that the client is to open a new stream. An address that has failed often has
// to wait before it may begin; who is in the middle may finish.
func (c *conn) authenticate(el *stanza.Element) (restart bool, err error) {
	p := profile(el.Space())
	if !c.secured && !c.srv.cfg.AllowPlaintext {
		return false, c.authFailed(p, "", auth.Reply{Condition: auth.EncryptionRequired})
	}
	if begins(el) {
		if _, ok := c.srv.throttle.Allow(c.throttleKey()); !ok {
			return false, c.authFailed(p, "", auth.Reply{Condition: auth.TemporaryAuthFailure, Err: errFailures})
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
		c.sendSASL(p, "challenge", auth.EncodeText(r.Kind, r.Data))
		return false, nil
	case auth.Success:
		return c.authenticated(ctx, p, r)
	}
	if r.Condition == auth.NotAuthorized { // others are no guesses at a password
		c.srv.throttle.Failed(c.throttleKey())
	}
	return false, c.authFailed(p, el.Attr("mechanism"), r)
}

// begins reports the first element of an exchange.
func begins(el *stanza.Element) bool {
	return el.Is(stanza.NSSASL, "auth") || el.Is(stanza.NSSASL2, "authenticate")
}

// throttleKey counts the failures of an address, whichever port it is from.
func (c *conn) throttleKey() string {
	if of := origin(c.raw.RemoteAddr()); of.IsValid() {
		return of.String()
	}
	host, _, err := net.SplitHostPort(c.address())
	if err != nil {
		return c.address()
	}
	return host
}

// exchangeStep gives one element to the mechanism. It reports false for what is no
// element of SASL.
func (c *conn) exchangeStep(ctx context.Context, el *stanza.Element) (auth.Reply, bool) {
	x := c.begin(profile(el.Space()))
	data, readable := initial(el)
	switch {
	case el.Local() == "abort":
		return x.Abort(), true
	case !begins(el) && el.Local() != "response":
		return auth.Reply{}, false
	case !readable:
		return x.Reject(), true
	case !begins(el):
		return x.Step(ctx, data), true
	}
	c.mechanism, c.wishes = el.Attr("mechanism"), wishesOf(el)
	// Before the credentials are read: the log refuses the login if it has a
	// change of them after this.
	c.proved = c.srv.cfg.Table.Position().Seq
	return x.Start(ctx, c.mechanism, data), true
}

// initial is what the client says to its mechanism: in an element's text, or, at
// the beginning in SASL2, in an element of its own, which is left out if there
// is nothing.
func initial(el *stanza.Element) (data []byte, readable bool) {
	if !el.Is(stanza.NSSASL2, "authenticate") {
		return auth.DecodeText(el.Text())
	}
	response := el.Child(stanza.NSSASL2, "initial-response")
	if response != nil && response.Text() == "" {
		return []byte{}, true
	}
	return auth.DecodeText(response.Text())
}

// authenticated lets the client in and tells it.
func (c *conn) authenticated(ctx context.Context, p profile, r auth.Reply) (restart bool, err error) {
	if ok, err := c.letIn(ctx, p, r); !ok {
		return false, err
	}
	if p == sasl2 {
		return false, c.proceed(r)
	}
	c.sendSASL(p, "success", auth.EncodeText(r.Kind, r.Data))
	c.wire.Restart()
	c.opened.Store(false)
	return true, nil
}

// letIn writes the session's first event, before the client is told that it is
// in. It reports false if the client was told that it is not.
func (c *conn) letIn(ctx context.Context, p profile, r auth.Reply) (bool, error) {
	svc := c.srv.service.Load()
	c.exchange, c.binding = nil, nil // it is over; after a failure that isn't its own there may be another
	if svc == nil {
		return false, c.authFailed(p, "", auth.Reply{Condition: auth.TemporaryAuthFailure, Account: r.Account, Err: events.ErrUnavailable})
	}
	if !c.srv.mayLogIn(c, r.Account) {
		return false, c.authFailed(p, "", auth.Reply{Condition: auth.TemporaryAuthFailure, Account: r.Account, Err: errLogins})
	}
	id := events.NewID(time.Now())
	c.svc, c.account, c.session = svc, r.Account, id
	c.srv.hub.hold(c) // Observe may come by the session's end a moment after its beginning
	_, _, err := svc.Do(ctx, r.Account, c.id, session.Authenticate{
		Session: id, Mechanism: c.mechanism, TLS: c.tls.Version, Address: c.address(), Agent: c.wishes.agent(),
		Proved: c.proved,
	})
	if err != nil {
		c.srv.hub.drop(c)
		if errors.Is(err, events.ErrUnresolved) { // it may be stored, or be stored yet
			svc.End(ctx, r.Account, c.id, session.Close{Session: id, Reason: events.ReasonUnavailable})
		}
		c.srv.cfg.Logger.Warn("login refused", "account", r.Account.String(), "error", err)
		return false, c.authFailed(p, "", auth.Reply{Condition: auth.TemporaryAuthFailure, Account: r.Account, Err: err})
	}
	c.prove()
	if c.srv.service.Load() != svc {
		return false, session.ErrFenced // the lease was lost meanwhile; Suspend may have missed us
	}
	c.srv.throttle.Succeeded(c.throttleKey())
	return true, nil
}

// authFailed tells the client (6.4.5) and the log, and ends the stream when it is
// enough. The condition is the same for an unknown user and for a wrong password
// (6.5.10 and 13.11).
func (c *conn) authFailed(p profile, mechanism string, r auth.Reply) error {
	if mechanism == "" {
		mechanism = c.mechanism
	}
	c.wishes = nil
	c.srv.record(c, r.Account, events.AuthFailed{
		Username: r.Account.Local(), Mechanism: mechanism, Condition: string(r.Condition), Address: c.address(),
	})
	condition := "<" + string(r.Condition) + "/>"
	if p == sasl2 { // XEP-0388, 2.6.2: it is not of that namespace
		condition = "<" + string(r.Condition) + " xmlns='" + stanza.NSSASL + "'/>"
	}
	if errors.Is(r.Err, errFailures) || errors.Is(r.Err, errLogins) { // others are not for the client
		condition += "<text xml:lang='en'>" + r.Err.Error() + "</text>"
	}
	c.sendSASL(p, "failure", condition)
	if c.attempts++; c.attempts >= maxAttempts {
		return &stanza.StreamError{Condition: stanza.StreamPolicyViolation, Text: "too many failed authentications"}
	}
	return nil
}

// sendSASL sends an element with a content that is XML or needs no escaping.
func (c *conn) sendSASL(p profile, name, content string) {
	c.send([]byte("<" + name + " xmlns='" + string(p) + "'>" + content + "</" + name + ">"))
}
