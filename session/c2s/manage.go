package c2s

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/delivery"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
	"github.com/rollcall-xmpp/rollcall/session/stream"
)

// Stream management: XEP-0198. This file has enabling, requests and
// acknowledgements; resume.go has sessions without a connection.

// Limits of the stanzas that a client has not acknowledged; they share one more
// with other clients' (Config.MaxUnread). At each the session ends with
// policy-violation, and those stanzas go where they would have gone without it.
const (
	maxUnacked      = 2_000
	maxUnackedBytes = 4 << 20
)

// An smState is the state of one session's stream management, over all of its
// connections.
type smState struct {
	token     string // of the resumption id; "" if the session can't be resumed
	max       time.Duration
	tally     tally // of the client's stanzas
	expiry    *time.Timer
	mu        sync.Mutex
	unacked   []delivery.Outgoing // guarded; sent and not acknowledged, oldest first
	bytes     int                 // guarded; of unacked
	share     stream.Share        // guarded; of the data that wait for all clients
	acked     uint32              // guarded; the last h
	requested bool                // guarded; an answer to <r/> is due
	asked     uint32              // guarded; what had been sent at the last <r/>
	ended     bool                // guarded; the session has, and nothing more is kept
	settled   chan struct{}       // guarded; if not nil, closed when unacked becomes empty
	refused   []refusal           // guarded; of the client's stanzas, oldest first; it may not know of these yet
}

// A refusal is an error that answers one of the client's stanzas.
type refusal struct {
	before uint32 // of the client's stanzas, so many came before that one
	at     uint32 // the error is among so many stanzas to the client
}

// manage handles an element of stream management on a bound stream. A session is
// managed from <enable/> on for all of its life (XEP-0198, 3), and resumed only
// before a resource is bound (5).
func (cl *client) manage(c *conn, el *stanza.Element) error {
	m := cl.managed.Load()
	switch el.Local() {
	case "enable":
		return cl.enable(c, el)
	case "r":
		if m != nil {
			m.tally.answer(cl)
		}
		return nil
	case "a":
		h, err := strconv.ParseUint(el.Attr("h"), 10, 32)
		if m == nil || err != nil {
			return &stanza.StreamError{Condition: stanza.StreamBadFormat, Text: "an acknowledgement without a count"}
		}
		return m.acknowledge(c, uint32(h))
	case "resume":
		c.sendFailed(stanza.UnexpectedRequest)
		return nil
	}
	return &stanza.StreamError{Condition: stanza.StreamUnsupportedStanzaType}
}

// enable is XEP-0198, 3. The count of the stanzas that the client sends begins
// here, which is right too for one that goes on without waiting for the answer.
// So does the count of those that it is sent: the answer is the first thing
// after the switch.
func (cl *client) enable(c *conn, el *stanza.Element) error {
	if cl.managed.Load() != nil {
		c.sendFailed(stanza.UnexpectedRequest)
		return nil
	}
	m, answer, err := cl.beginManagement(el)
	if err != nil {
		return err
	}
	if m != nil {
		m.mu.Lock()
		defer m.mu.Unlock()
		cl.managed.Store(m) // from here on others' stanzas are counted, and wait for the mutex
	}
	c.Send(answer)
	return nil
}

// beginManagement stores that stream management is on, and returns its state
// and the answer: nil and <failed/> if it can't be.
func (cl *client) beginManagement(el *stanza.Element) (*smState, []byte, error) {
	m := &smState{share: cl.srv.streams.Unread().Share()}
	if r := el.Attr("resume"); (r == "true" || r == "1") && !cl.srv.isGuest(cl.account) { // a guest comes back as another
		m.max = cl.srv.cfg.ResumeTime
		if wish, err := strconv.ParseUint(el.Attr("max"), 10, 31); err == nil && wish > 0 {
			m.max = min(m.max, time.Duration(wish)*time.Second)
		}
		m.token = rand.Text()
	}
	_, err := cl.do(session.EnableStreamManagement{
		Session: cl.session, Resumable: m.token != "", Max: uint32(m.max.Seconds()), TokenHash: tokenHash(m.token),
	})
	if stanzaError(err) != nil {
		return nil, appendFailed(nil, stanza.InternalServerError), nil
	}
	if err != nil {
		return nil, nil, err
	}
	b := []byte("<enabled xmlns='" + stanza.NSStreamMgmt + "'")
	if m.token != "" {
		b = stanza.AppendAttr(b, "id", resumptionID(cl.session, m.token))
		b = stanza.AppendAttr(b, "max", strconv.Itoa(int(m.max.Seconds())))
		b = append(b, " resume='true'"...)
	}
	return m, append(b, "/>"...), nil
}

// A resumption id names the session and proves that one is its client. The log
// has the hash of the token only.
func resumptionID(id events.SessionID, token string) string { return id.String() + "." + token }

func parseResumptionID(s string) (id events.SessionID, token string, ok bool) {
	name, token, ok := strings.Cut(s, ".")
	if !ok || token == "" {
		return id, "", false
	}
	parsed, err := events.ParseID(name)
	return events.SessionID(parsed), token, err == nil
}

// tokenHash is what the log has of a token, so that whoever reads the log can
// resume nothing. The token is random and long; one hash is enough.
func tokenHash(token string) string {
	if token == "" {
		return ""
	}
	h := sha256.Sum256([]byte(token))
	return string(h[:])
}

// send keeps a stanza until it is acknowledged, and writes it if there is a
// connection. One request is out at a time; its answer brings the next, for the
// stanzas sent since, so that a client acknowledges as fast as it reads and no
// faster.
func (m *smState) send(cl *client, o delivery.Outgoing) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ended {
		return false
	}
	size := m.bytes + len(o.Stanza)
	if len(m.unacked) >= maxUnacked || size > maxUnackedBytes || !m.share.Reserve(size) {
		cl.srv.ending.Go(cl.overflow) // ends the session, for which it needs m.mu
		return false
	}
	if o.Since == 0 {
		o.Since = time.Now().UnixNano()
	}
	o.Stanza = bytes.Clone(o.Stanza) // the sender writes its next one there
	m.unacked = append(m.unacked, o)
	m.bytes = size
	if c := cl.link.Load(); c != nil {
		c.Send(o.Stanza)
		m.request(c)
	}
	return true
}

// request asks for an acknowledgement. The caller holds m.mu.
func (m *smState) request(c *conn) {
	if !m.requested && len(m.unacked) > 0 {
		m.requested, m.asked = true, m.sent()
		c.Send([]byte("<r xmlns='" + stanza.NSStreamMgmt + "'/>"))
	}
}

// acknowledge drops what the client has handled (XEP-0198, 4).
func (m *smState) acknowledge(c *conn, h uint32) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.drop(h); err != nil {
		return err
	}
	m.requested = false
	if m.sent() != m.asked { // some count less than they get, and would be asked without end
		m.request(c)
	}
	return nil
}

// sent counts the stanzas sent to the client. The caller holds m.mu.
func (m *smState) sent() uint32 { return m.acked + uint32(len(m.unacked)) }

// drop takes a client's count. A lower one than before, as some clients give
// when they resume, changes nothing; one beyond the stanzas that were sent is
// an error. Counts go around at 2^32.
func (m *smState) drop(h uint32) error {
	n := int32(h - m.acked)
	if n > 0 && int(n) > len(m.unacked) {
		app := appendCount(nil, "<handled-count-too-high", "h", h)
		app = bytes.TrimSuffix(app, []byte("/>"))
		app = append(stanza.AppendAttr(app, "send-count", formatCount(m.sent())), "/>"...)
		return &stanza.StreamError{Condition: stanza.StreamUndefinedCondition, Text: "acknowledged more than was sent", App: string(app)}
	}
	if n <= 0 {
		return nil
	}
	for _, o := range m.unacked[:n] {
		m.bytes -= len(o.Stanza)
	}
	m.share.Release(m.bytes)
	clear(m.unacked[:n])
	m.unacked = m.unacked[n:]
	if len(m.unacked) == 0 {
		m.unacked = nil
		m.settle()
	}
	m.acked = h
	m.refused = slices.DeleteFunc(m.refused, func(r refusal) bool { return int32(r.at-h) <= 0 })
	return nil
}

// settle tells whoever waits for it that all is acknowledged. The caller holds m.mu.
func (m *smState) settle() {
	if m.settled != nil {
		close(m.settled)
		m.settled = nil
	}
}

// awaitAcks is closed when the client has acknowledged all that it was sent; nil: it has.
func (m *smState) awaitAcks() <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.unacked) > 0 && m.settled == nil {
		m.settled = make(chan struct{})
	}
	return m.settled
}

// refuse notes that a stanza, before which there were so many, was answered by an
// error. It is called when that has been sent.
func (m *smState) refuse(before uint32) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.unacked) > 0 {
		m.refused = append(m.refused, refusal{before, m.sent()})
	}
}

// known is the part of a count of the client's stanzas that it may be told when the
// session has ended: the errors that it has not acknowledged are lost with that, and
// a stanza that is counted it would not send again. A count never goes back behind
// one that was told; an error came before such a one.
func (m *smState) known(h, told uint32) uint32 {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range m.refused {
		if int32(r.before-told) >= 0 && int32(r.before-h) < 0 {
			return r.before
		}
	}
	return h
}

// take empties the queue for a session that has ended.
func (m *smState) take() []delivery.Outgoing {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := m.unacked
	m.unacked, m.bytes, m.ended = nil, 0, true
	m.share.Release(0)
	return list
}

func appendCount(b []byte, open, attr string, n uint32) []byte {
	b = append(b, open+" xmlns='"+stanza.NSStreamMgmt+"'"...)
	return append(stanza.AppendAttr(b, attr, formatCount(n)), "/>"...)
}

func formatCount(n uint32) string { return strconv.FormatUint(uint64(n), 10) }

func (c *conn) sendFailed(cause stanza.Condition) { c.Send(appendFailed(nil, cause)) }

func appendFailed(b []byte, cause stanza.Condition) []byte {
	return append(b, "<failed xmlns='"+stanza.NSStreamMgmt+"'><"+string(cause)+" xmlns='"+stanza.NSStanzaErrors+"'/></failed>"...)
}
