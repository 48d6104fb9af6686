package stream

import (
	"net"
	"net/netip"

	"github.com/rollcall-xmpp/rollcall/events"
)

// Which connections are let in, and which have to make room. A login takes moments, so of the
// connections that are not bound the oldest is the least likely to become one:
// it gives way to a newcomer, and whoever holds thousands open without logging
// in keeps nobody out.

// addConn counts a connection in, or refuses it at a limit.
func (s *Server) addConn(c *Conn) bool {
	oldest, ok := s.count(c)
	if oldest != nil {
		s.tooManyUnbound()
		oldest.giveWay()
	}
	return ok
}

// count counts a connection in and gives the one that has to go for it, or nil.
func (s *Server) count(c *Conn) (oldest *Conn, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.conns) >= s.cfg.MaxConnections {
		s.tooManyConns()
		return nil, false
	}
	if s.stopping || !s.acquireAddress(c, c.raw.RemoteAddr()) {
		return nil, false
	}
	if s.unbound.Len() >= s.cfg.MaxUnbound {
		oldest = s.unbound.Remove(s.unbound.Front()).(*Conn)
		oldest.waiting = nil
	}
	s.conns[c] = struct{}{}
	s.stats.accepted[c.via].Add(1)
	c.waiting = s.unbound.PushBack(c)
	s.gone.Add(1)
	return oldest, true
}

// Connections is how many there are, bound or not. It waits for whoever counts one in
// or out, so it does not return while that hangs.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

// acquireAddress counts a connection in at its address. Those of a trusted proxy are
// counted again when it has said whom they are for. The caller holds mu.
func (s *Server) acquireAddress(c *Conn, from net.Addr) (ok bool) {
	if s.trusts(from) {
		return true
	}
	c.peer = host(from)
	if s.cfg.Refused(c.peer) {
		s.stats.limits[LimitBanned].Add(1)
		return false
	}
	ad, ok := s.addresses.acquire(origin(from))
	if ok {
		c.from = ad
		return true
	}
	s.stats.limits[LimitAddress].Add(1)
	if !ad.told {
		ad.told = true
		s.cfg.Logger.Warn("connections refused: too many from one address", "address", ad.of.String(), "open", ad.open)
	}
	return false
}

// forwarded counts a connection of a proxy in at the address that it is for.
func (s *Server) forwarded(c *Conn, from net.Addr) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.conns[c]; !ok {
		return false
	}
	c.from.release() // of a request before this one
	c.from = nil
	return s.acquireAddress(c, from)
}

// EndRefused ends the connections that Config.Refused is against, as end says of their
// addresses. It is to be called after each change of that function's answers: a connection
// that comes meanwhile is refused or ended. It does not wait.
func (s *Server) EndRefused(end func(netip.Addr) Ending) {
	s.mu.Lock()
	refused := map[*Conn]netip.Addr{}
	for c := range s.conns {
		if c.peer.IsValid() && s.cfg.Refused(c.peer) {
			refused[c] = c.peer
		}
	}
	s.mu.Unlock()
	for c, peer := range refused {
		c.End(end(peer))
	}
}

// EndUnbound ends the connections that have not logged in. It does not wait.
func (s *Server) EndUnbound(e Ending) {
	s.EndAll(e, func(c *Conn) bool { return c.waiting != nil })
}

// giveWay closes a connection that has not logged in, without a word: there is
// no time for one.
func (c *Conn) giveWay() {
	c.ending.CompareAndSwap(nil, &Ending{Reason: events.ReasonOverload, Text: "others came to log in"})
	c.raw.Close()
}

// bound takes a connection from those that make room for others.
func (s *Server) bound(c *Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopWaiting(c)
}

// stopWaiting is bound for a caller that holds mu.
func (s *Server) stopWaiting(c *Conn) {
	if c.waiting != nil {
		s.unbound.Remove(c.waiting)
		c.waiting = nil
	}
}

// removeConn undoes addConn, whatever has become of the connection.
func (s *Server) removeConn(c *Conn) {
	c.meter.complete()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
	s.stats.ended(c.via, c.ending.Load())
	s.stopWaiting(c)
	c.from.release()
	s.gone.Done()
}
