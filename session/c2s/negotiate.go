package c2s

import (
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/auth"
	"github.com/rollcall-xmpp/rollcall/session/guess"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// Stream negotiation: RFC 6120, 4.3 (streams and features) and 5 (STARTTLS).

// loginTime bounds what the log and the stores may take at one step of a login,
// or for one stanza. Past it the client is told to try again.
const loginTime = events.MaxOutage

// A login leads from a connection's first stream header to a bound resource. It
// belongs to the connection's goroutine.
type login struct {
	*conn
	binding   *auth.Channel // of TLS; nil until it is asked for
	exchange  *auth.Exchange
	profile   profile    // of exchange
	attempts  int        // failed authentications
	mechanism string     // of the attempt
	begun     time.Time  // when the attempt was
	asked     time.Time  // when its last message came
	try       guess.Try  // of its password; nothing before there was one
	held      bool       // the answer is to come late, and to say that there were too many failures
	proved    events.Seq // where the table was when the attempt began
	inline    *inline    // for when it succeeds, by SASL2
}

// negotiate goes up to the bound resource.
func (l *login) negotiate() error {
	for {
		if err := l.openStream(); err != nil {
			return err
		}
		restart := false
		for !restart {
			el, err := l.Next()
			if err != nil {
				return err
			}
			restart, err = l.negotiateElement(el)
			if err != nil || l.client.Load() != nil {
				return err
			}
		}
	}
}

// openStream reads a stream header and answers it with ours and the features.
func (l *login) openStream() error {
	if _, err := l.Open(); err != nil {
		return err
	}
	l.Send(l.appendFeatures(make([]byte, 0, featuresSize), nil))
	return nil
}

// featuresSize is a size in bytes that the features of most streams fit in.
const featuresSize = 1536

// appendFeatures says what the client may do next (RFC 6120, 4.3.2), as cl once it
// is bound. TLS stands alone where it is required (5.3.1); mechanisms are offered
// only when they may be used.
func (l *login) appendFeatures(b []byte, cl *client) []byte {
	b = append(b, "<stream:features xmlns:stream='"+stanza.NSStream+"'>"...)
	switch {
	case l.IsAuthenticated():
		if cl == nil {
			b = append(b, "<bind xmlns='"+stanza.NSBind+"'/>"+
				"<session xmlns='"+stanza.NSSession+"'><optional/></session>"...)
		}
		if cl == nil || cl.managed.Load() == nil {
			b = append(b, "<sm xmlns='"+stanza.NSStreamMgmt+"'/>"...)
		}
		b = append(b, l.srv.offer.stream...)
	case !l.Secured() && !l.srv.cfg.AllowPlaintext:
		b = append(b, "<starttls xmlns='"+stanza.NSTLS+"'><required/></starttls>"...)
	default:
		if l.CanStartTLS() {
			b = append(b, "<starttls xmlns='"+stanza.NSTLS+"'/>"...)
		}
		b = l.appendMechanisms(b)
		b = l.appendAuthentication(b)
		if l.canRegister() {
			b = append(b, "<register xmlns='"+nsRegisterFeature+"'/>"...)
		}
	}
	return append(b, "</stream:features>"...)
}

// negotiateElement handles one element before the resource is bound: what the
// features offer, nothing else (RFC 6120, 4.3.2 and 7.1). restart says that the
// client is to open a new stream.
func (l *login) negotiateElement(el *stanza.Element) (restart bool, err error) {
	switch {
	case el.Is(stanza.NSTLS, "starttls"):
		return true, l.startTLS()
	case (el.Space() == stanza.NSSASL || el.Space() == stanza.NSSASL2) && !l.IsAuthenticated():
		return l.authenticate(el)
	case el.Is(stanza.NSClient, "iq") && l.IsAuthenticated() && el.Child(stanza.NSBind, "bind") != nil && l.isFor(el):
		return false, l.bind(el)
	case el.Is(stanza.NSClient, "iq") && l.mayShowPassword() && el.Child(nsRegister, "query") != nil:
		return false, l.register(el)
	case el.Space() == stanza.NSStreamMgmt && !l.IsAuthenticated():
		l.sendFailed(stanza.UnexpectedRequest) // XEP-0198, 3
		return false, nil
	case el.Space() == stanza.NSStreamMgmt:
		return false, l.resume(el)
	case el.IsStanza():
		return false, &stanza.StreamError{Condition: stanza.StreamNotAuthorized, Text: "a resource must be bound first"}
	}
	return false, outOfPlace(el)
}

// isFor reports that a stanza is for the server or for the client's own account,
// as all of them are before there is a resource (RFC 6120, 7.1).
func (c *conn) isFor(el *stanza.Element) bool {
	to, err := el.To()
	return err == nil && (to.IsZero() || to == c.account || to.String() == c.Host())
}

// outOfPlace ends a stream for an element that has no place in it. A stream error
// of the client's is its own end, not to be answered by one (RFC 6120, 4.9.1.1).
func outOfPlace(el *stanza.Element) error {
	if el.Is(stanza.NSStream, "error") {
		return stanza.ErrStreamEnd
	}
	return &stanza.StreamError{Condition: stanza.StreamUnsupportedStanzaType}
}

// startTLS goes on under TLS, with a new stream. An exchange that was begun in the
// clear is forgotten too (RFC 6120, 5.4.3.3), for under TLS there are other
// mechanisms.
func (l *login) startTLS() error {
	l.exchange = nil
	return l.StartTLS()
}
