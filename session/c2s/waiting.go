package c2s

import (
	"bytes"
	"context"
	"sync"

	"rollcall/events"
	"rollcall/session/stanza"
)

// flush hands over what waited for the account (XEP-0160), once a session has
// become able to get it. Of several sessions one gets it.
func (cl *client) flush() error {
	if cl.flushed || cl.srv.cfg.Waiting == nil {
		return nil
	}
	cl.flushed = true
	ctx, cancel := context.WithTimeout(context.Background(), loginTime)
	defer cancel()
	for kept, err := range cl.srv.cfg.Waiting.Take(ctx, cl.account) {
		if err != nil {
			// What waits goes on waiting; the next presence tries again.
			cl.flushed = false
			cl.srv.cfg.Logger.Warn("waiting messages not delivered", "account", cl.account.String(), "error", err)
			return nil
		}
		if cl.srv.waitsInVain(cl.account, kept.Data) {
			continue
		}
		if !cl.pass(appendDelay(kept.Data, cl.account.Domain(), kept.At)) {
			return stanza.ErrStreamEnd
		}
	}
	return nil
}

// handOver is for a message that was stored while somebody came who could have
// got it, and who may have looked before it was there.
func (s *Server) handOver(ctx context.Context, account events.JID, after events.Position) {
	for kept, err := range s.cfg.Waiting.Take(ctx, account) {
		if err != nil {
			// Most likely somebody else is taking them, this one too.
			s.cfg.Logger.Debug("waiting messages not handed over", "account", account.String(), "error", err)
			return
		}
		if s.waitsInVain(account, kept.Data) {
			continue
		}
		p := parcel{hops: maxHops - 1, after: after, stanza: appendDelay(kept.Data, account.Domain(), kept.At)}
		if !s.deliver(p, s.cfg.Table.Routes(account)) {
			return
		}
	}
}

// Arrivals are what comes for a client that is being given what waited for it.
// Others see that it is there before it has had all, and what they send then must
// not come before what they sent earlier (RFC 6120, 10.1): from the first message
// on everything is held.
type arrivals struct {
	mu    sync.Mutex // held while any of it is sent
	over  bool       // guarded
	held  [][]byte   // guarded
	bytes int        // guarded
}

// holdArrivals holds what comes until the function that it returns is called.
func (cl *client) holdArrivals() (release func()) {
	a := &arrivals{}
	cl.late.Store(a)
	return func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.release(cl)
		cl.late.Store(nil) // who does not find it any more comes after what was held
	}
}

// send holds a stanza or passes it on. Beyond maxHeldBytes the order is given up.
func (a *arrivals) send(cl *client, b []byte) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.over || a.held == nil && !bytes.HasPrefix(b, []byte("<message")) {
		return cl.pass(b)
	}
	a.held = append(a.held, bytes.Clone(b))
	if a.bytes += len(b); a.bytes > maxHeldBytes {
		a.release(cl)
	}
	return true
}

func (a *arrivals) release(cl *client) {
	for _, b := range a.held {
		cl.pass(b)
	}
	a.over, a.held, a.bytes = true, nil, 0
}
