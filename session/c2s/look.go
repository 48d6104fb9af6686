package c2s

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"rollcall/events"
	"rollcall/session"
)

const (
	// lookTime is how long others wait at most while a client gets what waits.
	// Then order is given up for the sake of delivery.
	lookTime = 5 * time.Second
	// firstLook and lastLook bound the pause before another attempt to look.
	firstLook = 20 * time.Millisecond
	lastLook  = time.Second
)

var errUnable = errors.New("the client can't get any more what waits")

// A look is one time of looking for what waits.
type look struct {
	begun time.Time
	over  chan struct{} // closed when nobody has to wait for it any more
	wake  chan struct{} // gets a token when the client can't get any more what waits
	mu    sync.Mutex
	again bool // guarded; something was stored since it began
	ended bool // guarded; over is closed
}

// wait waits until the client has what waits, up to lookTime since it began to
// look for it.
func (k *look) wait() (over bool) {
	t := time.NewTimer(time.Until(k.begun.Add(lookTime)))
	defer t.Stop()
	select {
	case <-k.over:
		return true
	case <-t.C:
		return false
	}
}

// repeat makes the one who looks look again; it reports false if it is done.
func (k *look) repeat() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.again = true
	return !k.ended
}

// done ends it, unless there is something to be looked for again.
func (k *look) done(cl *client) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.again {
		k.again = false
		return false
	}
	k.end(cl)
	return true
}

// stop ends it.
func (k *look) stop(cl *client) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.end(cl)
}

// end lets go who waits, once. The caller holds k.mu.
func (k *look) end(cl *client) {
	if !k.ended {
		k.ended = true
		cl.looking.Store(nil)
		close(k.over)
	}
}

// hand gives the client what others send it, after what it has to get before;
// what is for its bare JID only while it can get that.
func (cl *client) hand(l letter, bare bool) bool {
	for k := cl.looking.Load(); k != nil && k.wait(); k = cl.looking.Load() {
	}
	return (!bare || cl.able.Load()) && cl.pass(l)
}

// beginLook makes others wait from now on. It returns nil if nothing has to be
// looked for, or somebody is at it.
func (cl *client) beginLook() *look {
	k := &look{begun: time.Now(), over: make(chan struct{}), wake: make(chan struct{}, 1)}
	if cl.srv.cfg.Waiting == nil || !cl.looking.CompareAndSwap(nil, k) {
		return nil
	}
	return k
}

// beginOwnLook is beginLook for a client that could not get what waits until now.
// If somebody is still at it, who gives up for that, it waits for the end.
func (cl *client) beginOwnLook() *look {
	for cl.srv.cfg.Waiting != nil {
		if k := cl.beginLook(); k != nil {
			return k
		}
		if k := cl.looking.Load(); k != nil {
			<-k.over
		}
	}
	return nil
}

// becomeAble is called when the client's presence with a priority that is not
// negative is stored: it gets what waits, if it is the first.
func (cl *client) becomeAble(k *look) {
	cl.able.Store(true)
	if k != nil && !cl.look(k) {
		go cl.keepLooking(k)
	}
}

// doUnable carries out a change after which the client can't get any more what
// waits. One that is refused leaves it able to.
func (cl *client) doUnable(change session.Command) error {
	was := cl.able.Load()
	cl.unable()
	_, err := cl.do(change)
	if was && stanzaError(err) != nil {
		cl.becomeAble(cl.beginOwnLook())
	}
	return err
}

// lookSoon looks once more. It reports false if the client can't get what waits;
// when it can, it looks. It does not wait.
func (cl *client) lookSoon() bool {
	for cl.able.Load() {
		if k := cl.beginLook(); k != nil {
			go cl.keepLooking(k)
			return true
		}
		if k := cl.looking.Load(); k != nil && k.repeat() {
			return true
		}
	}
	return false
}

// unable is called before others can see that the client can't get any more what
// waits. If it has not got all of it, others look before they are sent anything.
func (cl *client) unable() {
	k := cl.looking.Load()
	if k != nil {
		others := cl.srv.nonNegative(cl.account)
		others = slices.DeleteFunc(others, func(t *session.Session) bool { return t.ID == cl.session })
		cl.srv.lookBy(cl.account, others, parcel{}, &ways{})
	}
	cl.able.Store(false)
	if k != nil {
		select {
		case k.wake <- struct{}{}:
		default:
		}
	}
}

// stopLooking is for a client that has ended.
func (cl *client) stopLooking() {
	cl.able.Store(false)
	if k := cl.looking.Load(); k != nil {
		k.stop(cl)
	}
}

// lookBy makes the best of an account's sessions look, by a parcel made from p.
// It reports false if that is gone.
func (s *Server) lookBy(account events.JID, list []*session.Session, p parcel, w *ways) (bool, error) {
	if len(list) == 0 {
		return true, nil
	}
	p.look, p.stanza = true, []byte(account.Bare().String())
	return s.deliver(p, list[:1], w.turn(s, account, list[:1]))
}

// keepLooking looks until all is handed over or the client can get no more.
// Most likely somebody else is taking what waits: another session of the
// account, or one whose connector has died over it.
func (cl *client) keepLooking(k *look) {
	for pause := firstLook; !cl.look(k); pause = min(2*pause, lastLook) {
		select {
		case <-time.After(pause):
		case <-k.wake:
		}
	}
}

// look hands over all that waits. It reports false if it has to be tried again.
func (cl *client) look(k *look) bool {
	for {
		err := cl.handOver()
		switch {
		case errors.Is(err, errUnable), !cl.able.Load():
			k.stop(cl)
			return true
		case err != nil:
			cl.srv.cfg.Logger.Debug("waiting messages not handed over", "account", cl.account.String(), "error", err)
			return false
		case k.done(cl):
			return true
		}
	}
}

// handOver takes what waits for the account and gives it to the client, which has
// it when pass has returned: each message is removed from the store after that.
func (cl *client) handOver() error {
	ctx, cancel := context.WithTimeout(context.Background(), loginTime)
	defer cancel()
	for kept, err := range cl.srv.cfg.Waiting.Take(ctx, cl.account) {
		if err != nil {
			return err
		}
		if cl.srv.waitsInVain(cl.account, kept.Data) {
			continue
		}
		if !cl.able.Load() || !cl.pass(letter{stanza: kept.Data, since: stamped}) {
			return errUnable // what is left waits for the next
		}
	}
	return nil
}
