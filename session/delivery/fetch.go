package delivery

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

const (
	// fetchTime is how long others wait at most while a session gets what waits.
	// Then order is given up for the sake of delivery.
	fetchTime = 5 * time.Second
	// firstFetch and lastFetch bound the pause before another attempt to fetch.
	firstFetch = 20 * time.Millisecond
	lastFetch  = time.Second
)

var errUnreceptive = errors.New("the session no longer takes what waits")

// A fetch is one attempt to fetch what waits.
type fetch struct {
	over  chan struct{} // closed when nobody has to wait for it any longer
	wake  chan struct{} // gets a token when the session no longer takes what waits
	there bool          // the log has just taken an event of the session; of the goroutine that fetches
	mu    sync.Mutex
	begun time.Time // guarded; others can wait since then
	again bool      // guarded; something was stored since it began
	ended bool      // guarded; over is closed
}

// wait waits until the session has what waits, up to fetchTime since others can wait
// for that.
func (k *fetch) wait() (over bool) {
	k.mu.Lock()
	begun := k.begun
	k.mu.Unlock()
	t := time.NewTimer(time.Until(begun.Add(fetchTime)))
	defer t.Stop()
	select {
	case <-k.over:
		return true
	case <-t.C:
		return false
	}
}

// show notes that others see the session from now on. It may have taken an election
// to get there.
func (k *fetch) show() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.begun = time.Now()
}

// repeat makes whoever fetches do so again; it reports false if that is over.
func (k *fetch) repeat() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.again = true
	return !k.ended
}

// done ends it, unless there is something to be fetched again.
func (k *fetch) done(c *Recipient) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.again {
		k.again = false
		return false
	}
	k.end(c)
	return true
}

// stop ends it.
func (k *fetch) stop(c *Recipient) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.end(c)
}

// end releases whoever waits, once. The caller holds k.mu.
func (k *fetch) end(c *Recipient) {
	if !k.ended {
		k.ended = true
		c.fetching.Store(nil)
		close(k.over)
	}
}

// beginFetch makes others wait from now on. It returns nil if nothing has to be
// fetched, or somebody is at it.
func (c *Recipient) beginFetch() *fetch {
	k := &fetch{begun: time.Now(), over: make(chan struct{}), wake: make(chan struct{}, 1)}
	if c.router.cfg.Offline == nil || !c.fetching.CompareAndSwap(nil, k) {
		return nil
	}
	return k
}

// beginOwnFetch is beginFetch for a session that did not take what waits until now.
// If a fetch is still under way, which gives up for that, it waits for its end.
func (c *Recipient) beginOwnFetch() *fetch {
	for c.router.cfg.Offline != nil {
		if k := c.beginFetch(); k != nil {
			return k
		}
		if k := c.fetching.Load(); k != nil {
			<-k.over
		}
	}
	return nil
}

// fetchSoon fetches once more. It reports false if the session does not take what
// waits; when it does, it fetches. It does not wait.
func (c *Recipient) fetchSoon() bool {
	for c.receptive.Load() {
		if k := c.beginFetch(); k != nil {
			go c.keepFetching(k)
			return true
		}
		if k := c.fetching.Load(); k != nil && k.repeat() {
			return true
		}
	}
	return false
}

// fetchBy makes the best of an account's sessions fetch, by a parcel made from p.
// It reports false if that is gone.
func (r *Router) fetchBy(account events.JID, list []*session.Session, p parcel, w *inflight) (bool, error) {
	if len(list) == 0 {
		return true, nil
	}
	p.fetch, p.stanza = true, []byte(account.Bare().String())
	return r.deliver(p, list[:1], w.barrier(r, account, list[:1]))
}

// fetchAgain finds another session to fetch what waits. If there is none, the next
// one to come fetches.
func (r *Router) fetchAgain(p parcel, w *inflight) {
	account := events.StoredJID(string(p.stanza))
	for p.hops < maxHops {
		p.hops++
		if found, err := r.fetchBy(account, r.Reachable(account).Best(), p, w); found || err != nil {
			return
		}
	}
}

// keepFetching fetches until all is handed over or the session takes no more.
// Most likely somebody else is taking what waits: another session of the
// account, or one whose connector has died over it.
func (c *Recipient) keepFetching(k *fetch) {
	for pause := firstFetch; !c.fetch(k); pause = min(2*pause, lastFetch) {
		select {
		case <-time.After(pause):
		case <-k.wake:
		}
	}
}

// fetch hands over all that waits. It reports false if it has to be tried again.
func (c *Recipient) fetch(k *fetch) bool {
	for {
		err := c.handOver(k.there)
		k.there = false
		switch {
		case errors.Is(err, errUnreceptive), !c.receptive.Load():
			k.stop(c)
			return true
		case err != nil:
			c.router.cfg.Logger.Debug("waiting messages not handed over", "account", c.account.String(), "error", err)
			return false
		case k.done(c):
			return true
		}
	}
}

// handOver takes what waits for the account and gives it to the session, which has
// it when pass has returned: each message is removed from the store after that. With
// there the session is known to be there; otherwise the log is asked before, for the
// store gives a message to nobody else for some seconds only.
func (c *Recipient) handOver(there bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), storeTime)
	defer cancel()
	if !there {
		if err := c.confirm(ctx); err != nil {
			return err
		}
	}
	for kept, err := range c.router.cfg.Offline.Take(ctx, c.account) {
		if err != nil {
			return err
		}
		if c.router.blocked(c.account, kept.Data) != nil {
			continue
		}
		if !c.receptive.Load() || !c.pass(Outgoing{Stanza: kept.Data, Since: Stamped}) {
			return errUnreceptive // what is left waits for the next
		}
	}
	return nil
}

// confirm asks the log whether the session is still there. A connector that was cut
// off, or frozen, has sessions that others have ended meanwhile: a message that one
// of them took would go from the store into the memory of a connector that is about
// to drop it, and come after newer ones.
func (c *Recipient) confirm(ctx context.Context) error {
	if err := c.router.newest(ctx, c.account); err != nil {
		return err
	}
	s := c.router.cfg.Table.Account(c.account).Session(c.session)
	if s == nil || c.router.cfg.Table.IsLost(s.Connector()) {
		return errUnreceptive
	}
	return nil
}
