package c2s

import (
	"context"
	"sync"
	"time"

	"github.com/rollcall-xmpp/rollcall/session/delivery"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// The acknowledgements that a client gets of its own stanzas (XEP-0198, 4). It
// drops those that are counted, so a count may only cover stanzas that were stored,
// refused, handed to a session here, or handled by the connector that has the
// recipient. Another connector takes some milliseconds to say so, and its successor
// the rest of a lease if it has died: until then the client is told less, and the
// rest as soon as it is so.

const (
	// answerTime is how long a client waits at most for an answer to <r/>.
	answerTime = 2 * time.Second
	// settleTime is how long the rest is waited for then. Past it the client's next
	// <r/> begins anew.
	settleTime = time.Minute
	// resumeTime is how long a resumption waits for the count that it tells.
	// Beyond that it is refused, for a count that is too low would have the client
	// send handled stanzas again, and one that is too high lose some.
	resumeTime = 10 * time.Second
)

// A tally counts a client's stanzas.
type tally struct {
	handled uint32 // owned by the connection's goroutine

	mu   sync.Mutex
	safe uint32 // guarded; as many may be told
	next *due   // guarded; what is asked for next; nil: nothing
	busy bool   // guarded; a goroutine settles what is asked for
}

// A due is an answer that waits for stanzas to arrive.
type due struct {
	handled uint32
	mark    delivery.Mark
	answers int // to so many requests
}

// answer answers <r/>: at once if everything has arrived.
func (t *tally) answer(cl *client) {
	mark := cl.sender.Mark()
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(mark) == 0 && !t.busy {
		t.safe = t.handled
		sendCount(cl, t.safe)
		return
	}
	if t.next == nil {
		t.next = &due{}
	}
	t.next.handled, t.next.mark = t.handled, mark
	t.next.answers++
	if !t.busy {
		t.busy = true
		go t.settle(cl)
	}
}

// settle answers what is asked for, one after the other, and returns when nothing
// is.
func (t *tally) settle(cl *client) {
	for d := t.take(); d != nil; d = t.take() {
		for waited := time.Duration(0); waited < settleTime; waited += answerTime {
			if arrives(cl, d.mark, answerTime) {
				t.tell(cl, d)
				break
			}
			t.tellSafe(cl, d)
		}
	}
}

// take returns what is to be settled next, nil if nothing is.
func (t *tally) take() *due {
	t.mu.Lock()
	defer t.mu.Unlock()
	d := t.next
	t.next = nil
	t.busy = d != nil
	return d
}

// tell answers requests whose stanzas have arrived, at least once, if only to tell
// the rest. A count never goes back.
func (t *tally) tell(cl *client, d *due) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if int32(d.handled-t.safe) > 0 {
		t.safe = d.handled
	}
	for range max(d.answers, 1) {
		sendCount(cl, t.safe)
	}
}

// tellSafe answers requests whose stanzas have not arrived in time, those that have
// come meanwhile included, with the count up to which they have.
func (t *tally) tellSafe(cl *client, d *due) {
	t.mu.Lock()
	defer t.mu.Unlock()
	answers := d.answers
	d.answers = 0
	if t.next != nil {
		answers += t.next.answers
		t.next.answers = 0
	}
	for range answers {
		sendCount(cl, t.safe)
	}
}

// final is what may be told of a session that gets no more stanzas, after waiting for
// them to arrive for some time. all reports that it is the count of all of them.
func (t *tally) final(cl *client, wait time.Duration) (h uint32, all bool) {
	all = arrives(cl, cl.sender.Mark(), wait)
	t.mu.Lock()
	defer t.mu.Unlock()
	if all {
		t.safe = t.handled
	}
	return t.safe, all
}

// told is a count beyond which the client was told none.
func (t *tally) told() uint32 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.safe
}

// arrives reports that what the client has sent has arrived within a time.
func arrives(cl *client, mark delivery.Mark, within time.Duration) bool {
	if len(mark) == 0 {
		return true
	}
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	return cl.srv.router.Await(ctx, mark) == nil
}

// sendCount is an answer, if the client has a connection: not before that has been
// told that it has the session.
func sendCount(cl *client, h uint32) {
	m := cl.managed.Load()
	m.mu.Lock()
	defer m.mu.Unlock()
	if c := cl.link.Load(); c != nil {
		c.Send(appendCount(nil, "<a", "h", h))
	}
}

// unsettled answers a resumption that can't tell how many of the client's stanzas
// were handled: as many were for certain.
func unsettled(h uint32) []byte {
	b := stanza.AppendAttr([]byte("<failed xmlns='"+stanza.NSStreamMgmt+"'"), "h", formatCount(h))
	return append(b, "><"+string(stanza.InternalServerError)+" xmlns='"+stanza.NSStanzaErrors+"'/></failed>"...)
}
