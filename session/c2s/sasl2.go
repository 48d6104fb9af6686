package c2s

import (
	"strings"

	"github.com/rollcall-xmpp/rollcall/session/auth"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// The Extensible SASL Profile: XEP-0388. A client says with its authentication
// what it wants to have done when it is in: to go on with an old session
// (XEP-0198), otherwise to bind a resource (XEP-0386, bind2.go). All is answered by
// one element, and the stream is not opened again.
//
// There are no tasks: nothing continues after a mechanism, and no mechanism is
// upgraded, since each account has keys for all of them.

// maxAgent bounds each part of the description that a client gives of itself,
// in bytes; a longer one is cut off.
const maxAgent = 100

// appendAuthentication announces mechanisms, what can be done inline, and the
// types of channel binding (XEP-0388, XEP-0440).
func (l *login) appendAuthentication(b []byte) []byte {
	ch := l.channel(sasl2)
	b = append(b, "<authentication xmlns='"+stanza.NSSASL2+"'>"...)
	b = appendMechanisms(b, l.mechanisms(ch))
	b = append(b, "<inline><sm xmlns='"+stanza.NSStreamMgmt+"'/>"...)
	b = appendBind2(b)
	b = append(b, "</inline></authentication>"...)
	return appendBindings(b, ch.Bindings())
}

// An inline request is what a client wants to have done when it is in.
type inline struct {
	userAgent, resume, bind *stanza.Element // nil: not sent
}

// inlineOf reads a SASL2 request; those of other profiles have none.
func inlineOf(el *stanza.Element) *inline {
	if el.Space() != stanza.NSSASL2 {
		return nil
	}
	return &inline{
		userAgent: el.Child(stanza.NSSASL2, "user-agent"),
		resume:    el.Child(stanza.NSStreamMgmt, "resume"),
		bind:      el.Child(stanza.NSBind2, "bind"),
	}
}

// client is the id of the client's installation, "" if it has not told one.
func (w *inline) client() string {
	if w == nil || w.userAgent == nil {
		return ""
	}
	return w.userAgent.Attr("id")
}

// agent is what the client says of itself, for the log.
func (w *inline) agent() string {
	if w == nil || w.userAgent == nil {
		return ""
	}
	software := w.userAgent.Child(stanza.NSSASL2, "software").Text()
	device := w.userAgent.Child(stanza.NSSASL2, "device").Text()
	var parts []string
	for _, part := range []string{software, device, w.client()} {
		if part != "" {
			parts = append(parts, cutOff(part, maxAgent))
		}
	}
	return strings.Join(parts, ", ")
}

// cutOff shortens valid UTF-8 to at most n bytes.
func cutOff(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}

// proceed does what the client asked for inline, and tells it that it is in. It is
// told why a request can't be carried out, and may go on by other ways.
func (l *login) proceed(r auth.Reply) error {
	w := l.inline
	l.inline = nil
	var results []byte
	if w != nil && w.resume != nil {
		failed, err := l.resumeAs(w.resume, func(cl *client, resumed []byte) {
			l.Send(appendSuccess(nil, r, cl.full, resumed), l.appendFeatures(nil, cl))
		})
		if err != nil || failed == nil {
			return err
		}
		results = failed
	}
	if w != nil && w.bind != nil {
		cause, err := l.bind2(r, w, results)
		if err != nil || cause == nil {
			return err
		}
		results = appendBindFailed(results, cause)
	}
	l.Send(appendSuccess(nil, r, l.account.String(), results), l.appendFeatures(nil, nil))
	return nil
}

// appendSuccess tells a client who it is, and what came of its inline requests.
func appendSuccess(b []byte, r auth.Reply, jid string, results []byte) []byte {
	b = append(b, "<success xmlns='"+stanza.NSSASL2+"'>"...)
	if r.Data != nil {
		b = append(b, "<additional-data>"...)
		b = append(append(b, auth.EncodeText(auth.Challenge, r.Data)...), "</additional-data>"...)
	}
	b = append(b, "<authorization-identifier>"...)
	b = append(stanza.AppendText(b, jid), "</authorization-identifier>"...)
	return append(append(b, results...), "</success>"...)
}
