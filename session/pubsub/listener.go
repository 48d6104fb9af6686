package pubsub

import (
	"crypto/rand"
	"strings"
	"sync/atomic"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// A Listener is a session's client, as one that is shown events by what it says
// that it wants of them (XEP-0163, 4.2). Wants is for any goroutine, the other
// methods are for the one that handles the session's stanzas.
type Listener struct {
	srv     *Service
	jid     events.JID
	account events.JID
	send    func([]byte) bool
	// wanted are the nodes that the client asks for; nil until that is known.
	wanted atomic.Pointer[map[string]bool]

	ver   string // the verification string that it has said last
	asked string // id of the question that is not answered
	times int    // that it was asked
}

// NewListener returns that of the session with the full JID. send queues a stanza
// for its client, and keeps none; what it returns does not matter here.
func NewListener(s *Service, full events.JID, send func([]byte) bool) *Listener {
	return &Listener{srv: s, jid: full, account: full.Bare(), send: send}
}

// Learn looks at what an available presence of the client says: it asks the client
// what that means, or knows it of others that have said the same, and shows the
// last items of the nodes that the client has not asked for before.
func (l *Listener) Learn(presence *stanza.Element) {
	c := presence.Child(stanza.NSCaps, "c")
	ver := c.Attr("ver")
	if ver == "" || ver == l.ver || l.srv.cfg.Documents == nil {
		return
	}
	nodes, known := l.srv.caps.get(ver)
	if !known && l.times == maxAsked {
		return
	}
	l.ver = strings.Clone(ver)
	if known {
		l.want(nodes)
		return
	}
	l.times++
	l.asked = rand.Text()
	b := stanza.AppendAttr([]byte("<iq type='get'"), "id", l.asked)
	b = stanza.AppendAttr(b, "from", l.account.Domain())
	b = stanza.AppendAttr(b, "to", l.jid.String())
	b = stanza.AppendAttr(append(b, "><query xmlns='"+stanza.NSDiscoInfo+"'"...), "node", c.Attr("node")+"#"+ver)
	l.send(append(b, "/></iq>"...))
}

// Forget is for a client that is no longer available. When it comes back it is
// shown the last items again (XEP-0163, 4.3.3).
func (l *Listener) Forget() {
	l.ver, l.asked = "", ""
	l.wanted.Store(nil)
}

// Answered takes the answer to the question, whatever else the iq may be.
func (l *Listener) Answered(iq *stanza.Element) {
	if l.asked == "" || iq.ID() != l.asked {
		return
	}
	l.asked = ""
	query := iq.Child(stanza.NSDiscoInfo, "query")
	if iq.Type() != "result" || query == nil {
		return
	}
	nodes := nodesWanted(query)
	if verificationOf(query) == l.ver {
		l.srv.caps.put(l.ver, nodes)
	}
	l.want(nodes)
}

// want makes the client get events of the nodes, and shows it the last items of
// those that it did not get them of before.
func (l *Listener) want(nodes map[string]bool) {
	before := l.wanted.Swap(&nodes)
	if before == nil {
		l.showLast(nodes)
		return
	}
	fresh := map[string]bool{}
	for n := range nodes {
		if !(*before)[n] {
			fresh[n] = true
		}
	}
	l.showLast(fresh)
}

// Wants gives an event that was sent to all that may see it (see
// [delivery.Policy]) the client's address, or returns nil if the client does not
// ask for the events of that node. Own events go also to a client that has not said
// what it wants.
func (l *Listener) Wants(message *stanza.Element) []byte {
	wanted := l.wanted.Load()
	if wanted == nil && message.Attr("from") != l.account.String() {
		return nil
	}
	if wanted != nil && !(*wanted)[message.Child(stanza.NSPubSubEvent, "event").First().Attr("node")] {
		return nil
	}
	return addressed([]byte(message.Raw()), l.account)
}
