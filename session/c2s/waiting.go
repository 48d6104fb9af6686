package c2s

import (
	"context"

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
		if !cl.send(appendDelay(kept.Data, cl.account.Domain(), kept.At)) {
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
