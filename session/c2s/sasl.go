package c2s

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/auth"
	"github.com/rollcall-xmpp/rollcall/session/roles"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// SASL negotiation: RFC 6120, 6.

// maxAttempts bounds the failures on one connection (RFC 6120, 6.4.5 wants
// between 2 and 5 retries); then the stream ends with policy-violation.
const maxAttempts = 5

// The answers to a client that has to wait.
var (
	errFailures = errors.New("too many failures, try again later")
	errLogins   = errors.New("too many logins of this account, try again in a minute")
	errFull     = errors.New("this server has no room for new sessions now, try again later")
)

// A profile says how SASL is written, by the namespace of its elements: as in
// RFC 6120 or as in SASL2 (sasl2.go).
type profile string

const (
	sasl1 profile = stanza.NSSASL
	sasl2 profile = stanza.NSSASL2
)

func (l *login) appendMechanisms(b []byte) []byte {
	b = append(b, "<mechanisms xmlns='"+stanza.NSSASL+"'>"...)
	return append(appendMechanisms(b, l.mechanisms(l.channel(sasl1))), "</mechanisms>"...)
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
func (l *login) mechanisms(ch auth.Channel) []string {
	return l.srv.auth.Begin(l.Host(), ch).Mechanisms()
}

// begin is the exchange for the connection as it is now. One that was begun in
// another profile is over.
func (l *login) begin(p profile) *auth.Exchange {
	if l.exchange == nil || l.profile != p {
		l.exchange, l.profile = l.srv.auth.Begin(l.Host(), l.channel(p)), p
		l.exchange.Gate = l.gate
	}
	return l.exchange
}

// authenticate handles one element of the exchange: auth and its responses
// (6.4.2, 6.4.3), or abort (6.4.4). restart says that it succeeded (6.4.6) and
// that the client is to open a new stream. Whether this is a guess too many is
// decided when the account is known and its password is to be checked (guesses.go).
func (l *login) authenticate(el *stanza.Element) (restart bool, err error) {
	p := profile(el.Space())
	l.asked = time.Now()
	if !l.Secured() && !l.srv.cfg.AllowPlaintext {
		return false, l.authFailed(p, "", auth.Reply{Condition: auth.EncryptionRequired})
	}
	if begins(el) {
		l.begun = l.asked
		if l.srv.service.Load() == nil { // without a lease there is nothing to wait for
			return false, l.authFailed(p, "", auth.Reply{Condition: auth.TemporaryAuthFailure, Err: events.ErrUnavailable})
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), loginTime)
	defer cancel()
	r, ok := l.exchangeStep(ctx, el)
	if !ok {
		return false, &stanza.StreamError{Condition: stanza.StreamUnsupportedStanzaType}
	}
	switch r.Kind {
	case auth.Challenge:
		l.sendSASL(p, "challenge", auth.EncodeText(r.Kind, r.Data))
		return false, nil
	case auth.Success:
		return l.authenticated(ctx, p, r)
	}
	return false, l.authFailed(p, el.Attr("mechanism"), l.judge(r))
}

// begins reports the first element of an exchange.
func begins(el *stanza.Element) bool {
	return el.Is(stanza.NSSASL, "auth") || el.Is(stanza.NSSASL2, "authenticate")
}

// exchangeStep gives one element to the mechanism. It reports false for an element
// that is not one of SASL.
func (l *login) exchangeStep(ctx context.Context, el *stanza.Element) (auth.Reply, bool) {
	x := l.begin(profile(el.Space()))
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
	l.mechanism, l.inline = el.Attr("mechanism"), inlineOf(el)
	// Before the credentials are read: the log refuses the login if it has a
	// change of them after this.
	l.proved = l.srv.cfg.Table.Position().Seq
	return x.Start(ctx, l.mechanism, data), true
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
func (l *login) authenticated(ctx context.Context, p profile, r auth.Reply) (restart bool, err error) {
	if ok, err := l.openSession(ctx, p, r); !ok {
		return false, err
	}
	if p == sasl2 {
		return false, l.proceed(r)
	}
	l.sendSASL(p, "success", auth.EncodeText(r.Kind, r.Data))
	l.Restart()
	return true, nil
}

// openSession writes the session's first event, before the client is told that it is
// in. It reports false if the client was told that it is not.
func (l *login) openSession(ctx context.Context, p profile, r auth.Reply) (bool, error) {
	defer l.try.Void() // unless it succeeds
	svc := l.srv.service.Load()
	l.exchange, l.binding = nil, nil // it is over; after a failure that isn't its own there may be another
	if svc == nil {
		return false, l.authFailed(p, "", auth.Reply{Condition: auth.TemporaryAuthFailure, Account: r.Account, Err: events.ErrUnavailable})
	}
	if !l.srv.mayLogIn(l.conn, r) {
		l.srv.stats.limits[LimitLogins].Add(1)
		return false, l.authFailed(p, "", auth.Reply{Condition: auth.TemporaryAuthFailure, Account: r.Account, Err: errLogins})
	}
	if r.Enrolled {
		if err := l.srv.enrolled(ctx, svc, l.ID(), r.Account); err != nil {
			return false, l.authFailed(p, "", auth.Reply{Condition: auth.TemporaryAuthFailure, Account: r.Account, Err: err})
		}
	}
	id, role := events.NewSessionID(time.Now()), cmp.Or(r.Role, roles.Default)
	l.svc, l.account, l.session, l.role = svc, r.Account, id, l.srv.cfg.Roles.Role(role)
	l.srv.hub.addConn(l.conn) // Observe may come by the session's end a moment after its beginning
	_, _, err := svc.Do(ctx, r.Account, l.ID(), session.Authenticate{
		Session: id, Mechanism: l.mechanism, TLS: l.TLSVersion(), Address: l.Address(), Agent: l.inline.agent(),
		Role: role, AsOf: l.proved,
	})
	if err != nil {
		l.srv.hub.removeConn(l.conn)
		if errors.Is(err, events.ErrUnresolved) { // it may be stored, or be stored yet
			svc.End(ctx, r.Account, l.ID(), session.Close{Session: id, Reason: events.ReasonUnavailable})
		}
		if errors.Is(err, events.ErrFull) { // of the log, of which the operator is told elsewhere
			l.srv.stats.limits[LimitLog].Add(1)
			err = errFull
		} else {
			l.srv.cfg.Logger.Warn("login refused", "account", r.Account.String(), "error", err)
		}
		return false, l.authFailed(p, "", auth.Reply{Condition: auth.TemporaryAuthFailure, Account: r.Account, Err: err})
	}
	l.MarkAuthenticated()
	l.srv.stats.loggedIn(l.mechanism, l.begun)
	if l.srv.service.Load() != svc {
		return false, session.ErrFenced // the lease was lost meanwhile; Suspend may have missed us
	}
	l.try.Succeeded()
	return true, nil
}

// authFailed tells the client (6.4.5) and the log, and ends the stream when it is
// enough. The condition is the same for an unknown user and for a wrong password
// (6.5.10 and 13.11).
func (l *login) authFailed(p profile, mechanism string, r auth.Reply) error {
	if mechanism == "" {
		mechanism = l.mechanism
	}
	l.inline = nil
	l.srv.stats.failed(r.Condition, mechanism)
	l.srv.record(l.ID(), r.Account, events.AuthFailed{
		Username: r.Account.Local(), Mechanism: mechanism, Condition: string(r.Condition), Address: l.Address(),
	})
	l.holdBack()
	condition := "<" + string(r.Condition) + "/>"
	if p == sasl2 { // XEP-0388, 2.6.2: it is not of that namespace
		condition = "<" + string(r.Condition) + " xmlns='" + stanza.NSSASL + "'/>"
	}
	if forClient(r.Err) {
		condition += "<text xml:lang='en'>" + string(stanza.AppendText(nil, r.Err.Error())) + "</text>"
	}
	l.sendSASL(p, "failure", condition)
	if l.attempts++; l.attempts >= maxAttempts {
		return &stanza.StreamError{Condition: stanza.StreamPolicyViolation, Text: "too many failed authentications"}
	}
	return nil
}

// forClient reports an error that the client is told, not only its condition.
func forClient(err error) bool {
	for _, e := range []error{errFailures, errLogins, errFull, auth.ErrDisabled} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// sendSASL sends an element with a content that is XML or needs no escaping.
func (l *login) sendSASL(p profile, name, content string) {
	l.Send([]byte("<" + name + " xmlns='" + string(p) + "'>" + content + "</" + name + ">"))
}
