package c2s

import (
	"bytes"
	"slices"
	"sync"

	"github.com/rollcall-xmpp/rollcall/session/delivery"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// Client state indication: XEP-0352. Stanzas to an inactive client that nobody
// waits for are held back, so that its radio may sleep: presence, of which the
// newest of each sender is enough, and messages without anything to read.
// Anything else goes out at once, with the stanzas held before it, so that the
// order stays.
//
// A stanza that is held has not been sent: stream management neither counts nor
// keeps it, and with the session's end it is gone.

// Limits of the stanzas that are held for one client. At either all of them are
// sent.
const (
	maxHeld      = 200
	maxHeldBytes = 128 << 10
)

var clientState = extension{stream: "<csi xmlns='" + stanza.NSClientState + "'/>"}

// clientState handles what the client says of itself.
func (cl *client) clientState(el *stanza.Element) error {
	switch el.Local() {
	case "active":
		cl.activate()
	case "inactive":
		cl.csi.CompareAndSwap(nil, &csiQueue{})
	default:
		return &stanza.StreamError{Condition: stanza.StreamUnsupportedStanzaType}
	}
	return nil
}

// activate sends what was held.
func (cl *client) activate() {
	q := cl.csi.Load()
	if q == nil {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.over = true
	q.flush(cl)
	cl.csi.Store(nil) // whoever no longer finds it comes after the held stanzas
}

// A csiQueue is for one period of inactivity.
type csiQueue struct {
	mu    sync.Mutex // held while anything is sent to the client
	over  bool       // guarded
	held  []held     // guarded; oldest first
	bytes int        // guarded
}

// A held stanza supersedes an earlier one with the same key, unless that is
// empty.
type held struct {
	key string
	delivery.Outgoing
}

// send holds a stanza back or sends it, after all that is held.
func (q *csiQueue) send(cl *client, o delivery.Outgoing) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.over {
		return cl.write(o)
	}
	key, patient := canWait(o.Stanza)
	if !patient {
		q.flush(cl)
		return cl.write(o)
	}
	o.Stanza = bytes.Clone(o.Stanza)
	q.hold(held{key, o})
	if len(q.held) > maxHeld || q.bytes > maxHeldBytes {
		q.flush(cl)
	}
	return true
}

// hold puts a stanza behind the others, and takes out the one that it supersedes:
// its place in the order is where the newer one came.
func (q *csiQueue) hold(h held) {
	if i := slices.IndexFunc(q.held, func(o held) bool { return h.key != "" && o.key == h.key }); i >= 0 {
		q.bytes -= len(q.held[i].Stanza)
		q.held = slices.Delete(q.held, i, i+1)
	}
	q.held = append(q.held, h)
	q.bytes += len(h.Stanza)
}

func (q *csiQueue) flush(cl *client) {
	for _, h := range q.held {
		cl.write(h.Outgoing)
	}
	q.held, q.bytes = nil, 0
}

// canWait reports a stanza that an inactive client need not have now, and what
// makes it out of date: the next of its kind from the same full JID.
func canWait(b []byte) (key string, ok bool) {
	if bytes.HasPrefix(b, []byte("<iq")) {
		return "", false
	}
	el, err := stanza.Parse(b, stanza.NSClient, stanza.Limits{})
	if err != nil {
		return "", false
	}
	switch el.Local() {
	case "presence":
		t := el.Type()
		return "presence " + el.Attr("from"), t == "" || t == "unavailable"
	case "message":
		return messageCanWait(el)
	}
	return "", false
}

// messageCanWait is for chat states (XEP-0085), of which the newest counts, and
// for events of personal eventing (XEP-0163).
func messageCanWait(el *stanza.Element) (key string, ok bool) {
	n := 0
	for c := range el.Children() {
		switch {
		case c.Space() == stanza.NSChatStates:
			key, ok = "state "+el.Attr("from"), true
		case c.Is(stanza.NSPubSubEvent, "event") && el.Type() == "headline":
			ok = true
		case c.Space() == stanza.NSHints, c.Is(stanza.NSClient, "thread"), c.Is(stanza.NSDelay, "delay"):
			continue
		default:
			return "", false
		}
		n++
	}
	return key, ok && n == 1
}
