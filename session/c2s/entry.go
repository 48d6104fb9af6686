package c2s

import (
	"net"
	"time"

	"rollcall/events"
)

// Who is let in, and who has to make room. A login takes moments, so of the
// connections that are not bound the oldest is the least likely to become one:
// it gives way to a newcomer, and whoever holds thousands open without logging
// in keeps nobody out.

// enter counts a connection in, or refuses it at a limit.
func (s *Server) enter(c *conn) bool {
	oldest, ok := s.count(c)
	if oldest != nil {
		s.crowded()
		oldest.giveWay()
	}
	return ok
}

// count counts a connection in and gives the one that has to go for it, or nil.
func (s *Server) count(c *conn) (oldest *conn, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.conns) >= s.cfg.MaxConnections {
		s.crammed()
		return nil, false
	}
	if s.stopping || !s.enterFrom(c, c.raw.RemoteAddr()) {
		return nil, false
	}
	if s.unbound.Len() >= s.cfg.MaxUnbound {
		oldest = s.unbound.Remove(s.unbound.Front()).(*conn)
		oldest.waiting = nil
	}
	s.conns[c] = struct{}{}
	c.waiting = s.unbound.PushBack(c)
	s.gone.Add(1)
	return oldest, true
}

// enterFrom counts a connection in at its address. Those of a trusted proxy are
// counted again when it has said whom they are for. The caller holds mu.
func (s *Server) enterFrom(c *conn, from net.Addr) (ok bool) {
	if s.trusts(from) {
		return true
	}
	ad, ok := s.addresses.enter(origin(from))
	if ok {
		c.from = ad
		return true
	}
	if !ad.told {
		ad.told = true
		s.cfg.Logger.Warn("connections refused: too many from one address", "address", ad.of.String(), "open", ad.open)
	}
	return false
}

// forwarded counts a connection of a proxy in at the address that it is for.
func (s *Server) forwarded(c *conn, from net.Addr) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.conns[c]; !ok {
		return false
	}
	c.from.leave() // of a request before this one
	c.from = nil
	return s.enterFrom(c, from)
}

// mayLogIn counts a login, or refuses it at the limit of its account.
func (s *Server) mayLogIn(c *conn, account events.JID) bool {
	if !origin(c.raw.RemoteAddr()).IsValid() {
		return true
	}
	ok, first := s.logins.enter(account, time.Now())
	if first {
		s.cfg.Logger.Warn("logins refused: too many of one account; are two of its clients replacing each other?",
			"account", account.String(), "address", c.address())
	}
	return ok
}

// giveWay closes a connection that has not logged in, without a word: there is
// no time for one.
func (c *conn) giveWay() {
	c.ending.CompareAndSwap(nil, &ending{reason: events.ReasonOverload, text: "others came to log in"})
	c.raw.Close()
}

// settle says that a connection is bound.
func (s *Server) settle(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopWaiting(c)
}

// stopWaiting takes a connection from those that are not bound. The caller
// holds mu.
func (s *Server) stopWaiting(c *conn) {
	if c.waiting != nil {
		s.unbound.Remove(c.waiting)
		c.waiting = nil
	}
}

// leave undoes enter, whatever has become of the connection.
func (s *Server) leave(c *conn) {
	c.meter.complete()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
	s.stopWaiting(c)
	c.from.leave()
	s.gone.Done()
}
