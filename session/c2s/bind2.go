package c2s

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/auth"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// Bind 2: XEP-0386. A resource is bound within SASL2, and what most clients do
// next is done at the same moment: carbons, stream management, client state.
//
// There is no archive (XEP-0313), so messages that wait are not dropped, as
// they would be for a client that reads them there: they come with the initial
// presence, as after any other bind.

// generatedSize is the length of the part that the server adds to a tag,
// base32: enough that nobody guesses it, and short enough to be read.
const generatedSize = 12

// appendBind2 announces what can be done with a bind (XEP-0386).
func appendBind2(b []byte) []byte {
	b = append(b, "<bind xmlns='"+stanza.NSBind2+"'><inline>"...)
	for _, feature := range []string{stanza.NSCarbons, stanza.NSClientState, stanza.NSStreamMgmt} {
		b = append(stanza.AppendAttr(append(b, "<feature"...), "var", feature), "/>"...)
	}
	return append(b, "</inline></bind>"...)
}

// bind2 binds as the client asked for inline, and tells it, after the earlier results. A
// cause says why there is no resource; the client is told nothing then.
func (l *login) bind2(r auth.Reply, w *inline, results []byte) (cause *stanza.Error, err error) {
	conflict := l.srv.cfg.Conflict
	if w.client() != "" {
		conflict = session.Replace // by itself: its older session is of no use to it
	}
	err = l.bindSession(l.resourceFor(w), conflict, func(cl *client) ([][]byte, error) {
		bound, err := cl.start(w.bind)
		if err != nil {
			return nil, err
		}
		return [][]byte{appendSuccess(nil, r, cl.full, append(results, bound...)), l.appendFeatures(nil, cl)}, nil
	})
	if cause = stanzaError(err); cause != nil {
		return cause, nil
	}
	return nil, err
}

// resourceFor makes the resource: the client's tag and what the server adds to
// it (XEP-0386, 4.2.1). A client that tells its id gets the same one each time,
// so that a new session of it takes the place of its older one. The id can't be
// found from it.
func (l *login) resourceFor(w *inline) string {
	generated := rand.Text()[:generatedSize]
	if id := w.client(); id != "" {
		h := hmac.New(sha256.New, l.srv.cfg.Secret)
		h.Write([]byte("resource\x00" + l.account.String() + "\x00" + id))
		generated = base32.StdEncoding.EncodeToString(h.Sum(nil))[:generatedSize]
	}
	tag := w.bind.Child(stanza.NSBind2, "tag").Text()
	resource, err := events.PrepareResource(tag + "/" + generated)
	if tag == "" || err != nil {
		return generated
	}
	return resource
}

// start begins the session in the state that the client asked for, and returns
// <bound/> with the answers that belong in it. Others can't find the client
// yet. An error is for the stream: there is a resource, but not as it was asked
// for.
func (cl *client) start(bind *stanza.Element) ([]byte, error) {
	b := []byte("<bound xmlns='" + stanza.NSBind2 + "'>")
	if bind.Child(stanza.NSCarbons, "enable") != nil {
		_, err := cl.do(session.SwitchCarbons{Session: cl.session, On: true})
		if stanzaError(err) != nil {
			err = &stanza.StreamError{Condition: stanza.StreamInternalServerError, Text: "carbons can't be switched on; please connect again"}
		}
		if err != nil {
			return nil, err
		}
	}
	if enable := bind.Child(stanza.NSStreamMgmt, "enable"); enable != nil {
		m, answer, err := cl.beginManagement(enable)
		if err != nil {
			return nil, err
		}
		if m != nil {
			cl.managed.Store(m)
		}
		b = append(b, answer...)
	}
	if bind.Child(stanza.NSClientState, "inactive") != nil {
		cl.csi.Store(&csiQueue{})
	}
	return append(b, "</bound>"...), nil
}

// appendBindFailed says why no resource was bound. The client may bind one
// still, by RFC 6120.
func appendBindFailed(b []byte, cause *stanza.Error) []byte {
	b = append(b, "<failed xmlns='"+stanza.NSBind2+"'><"+string(cause.Condition)...)
	return append(b, " xmlns='"+stanza.NSStanzaErrors+"'/></failed>"...)
}
