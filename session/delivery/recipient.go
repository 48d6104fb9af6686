package delivery

import (
	"slices"
	"sync/atomic"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// A Recipient owns what one session of this connector may receive: whether it
// takes what is sent to its bare JID, and that older messages come first. Its
// methods are for any goroutine, but for BecomeReceptive, BecomeUnreceptive and
// End, which are for the one that handles the session's stanzas, or ends it.
type Recipient struct {
	router    *Router
	session   events.SessionID
	account   events.JID
	pass      func(Outgoing) bool
	receptive atomic.Bool           // it is available, with a priority that is not negative
	fetching  atomic.Pointer[fetch] // nil while nobody fetches what waits for it
}

// NewRecipient returns that of a session. pass queues a stanza for its client; it
// reports false if the client can't get it, now or later. It keeps no stanza and
// does not wait.
func NewRecipient(r *Router, id events.SessionID, account events.JID, pass func(Outgoing) bool) *Recipient {
	return &Recipient{router: r, session: id, account: account, pass: pass}
}

// hand gives the client what others send it, after what it has to get before;
// stanzas for its bare JID only while it can take them.
func (c *Recipient) hand(o Outgoing, bare bool) bool {
	for k := c.fetching.Load(); k != nil && k.wait(); k = c.fetching.Load() {
	}
	return (!bare || c.receptive.Load()) && c.pass(o)
}

// BecomeReceptive stores the presence by which the session takes what is sent to
// its bare JID from now on, or goes on to. It fetches what waits before others can
// send it anything newer, so it begins before change makes it visible; and from
// that moment on it takes what is sent, though change may return later.
func (c *Recipient) BecomeReceptive(change func() error) error {
	if c.receptive.Load() {
		return change()
	}
	k := c.beginOwnFetch()
	c.receptive.Store(true) // until then the table keeps others from it
	if err := change(); err != nil {
		c.receptive.Store(false)
		if k != nil {
			k.stop(c)
		}
		return err
	}
	if k != nil {
		k.show()
		k.there = true
	}
	c.fetchAll(k)
	return nil
}

// fetchAll fetches what waits, if k is not nil, and goes on beside the caller
// where that takes time.
func (c *Recipient) fetchAll(k *fetch) {
	if k != nil && !c.fetch(k) {
		go c.keepFetching(k)
	}
}

// BecomeUnreceptive stores a presence after which the session no longer takes what
// is sent to its bare JID. If change is refused, as refused tells by its error, the
// session goes on as it was.
func (c *Recipient) BecomeUnreceptive(change func() error, refused func(error) bool) error {
	was := c.receptive.Load()
	c.unreceptive()
	err := change()
	if was && refused(err) {
		k := c.beginOwnFetch()
		c.receptive.Store(true)
		c.fetchAll(k)
	}
	return err
}

// unreceptive is called before others can see that the session no longer takes what
// waits. If it has not got all of it, others fetch before they are sent anything.
func (c *Recipient) unreceptive() {
	k := c.fetching.Load()
	if k != nil {
		others := nonNegative(c.router.Reachable(c.account))
		others = slices.DeleteFunc(slices.Clone(others), func(t *session.Session) bool { return t.ID == c.session })
		c.router.fetchBy(c.account, others, parcel{}, &inflight{})
	}
	c.receptive.Store(false)
	if k != nil {
		select {
		case k.wake <- struct{}{}:
		default:
		}
	}
}

// End is for a session that is about to end, before others can see that. gone keeps
// it from being found, and reports false if somebody has done so before.
func (c *Recipient) End(gone func() bool) bool {
	c.unreceptive()
	if !gone() {
		return false
	}
	c.receptive.Store(false)
	if k := c.fetching.Load(); k != nil {
		k.stop(c)
	}
	return true
}
